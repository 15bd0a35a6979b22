"""Guards of the register: what is inventory only is never served; nothing is overwritten unseen."""

from tests.ablation.elsewhere import ELSEWHERE
from tests.ablation.guard import Guard

_TESTS = "tests/registry/test_register.py::TestInventoryOnly"
_ENTRY = "tests/registry/test_register.py::TestAnEntry"
_IMPORT = "tests/registry/test_register_csv.py::TestAnImport"
_TRIGGERS = "registry/migrations/0006_register_guards.py"

REGISTER = (
    *ELSEWHERE,
    Guard(
        "no version to serve of a model that is inventory only",
        "registry/services.py",
        "if new.servable and is_inventory_only(model):",
        "if False:",
        (f"{_TESTS}::test_such_a_model_never_gets_a_version_that_can_be_served",),
    ),
    Guard(
        "no version to serve of a model that is inventory only, past the program",
        _TRIGGERS,
        "IF NEW.servable AND 'inventory' = (",
        "IF false AND 'inventory' = (",
        (f"{_TESTS}::test_such_a_model_never_gets_a_version_that_can_be_served",),
    ),
    Guard(
        "a model with something to serve does not become inventory only, past the program",
        _TRIGGERS,
        "IF NEW.hosting = 'inventory' AND EXISTS (",
        "IF false AND EXISTS (",
        (f"{_TESTS}::test_a_model_with_something_to_serve_never_becomes_it",),
    ),
    Guard(
        "an entry is not written over one that was not shown",
        "registry/register/entries.py",
        "if (last.revision if last else None) != revision:",
        "if False:",
        (f"{_ENTRY}::test_is_never_written_over_one_that_was_not_shown",),
    ),
    Guard(
        "a check of an import writes nothing",
        "registry/register/importing.py",
        "        transaction.set_rollback(True)\n",
        "",
        (f"{_IMPORT}::test_registers_and_changes_with_a_revision_and_an_event_each",),
    ),
    Guard(
        "of an import all lines are written, or none",
        "registry/register/importing.py",
        "for problem in line.problems:",
        "for problem in line.problems[:0]:",
        (f"{_IMPORT}::test_says_of_each_row_and_field_what_is_wrong_and_writes_nothing",),
    ),
    Guard(
        "an import does what its check showed",
        "registry/register/importing.py",
        "if digest not in (None, checked.digest):",
        "if False:",
        (f"{_IMPORT}::test_is_refused_where_the_register_is_not_the_one_shown",),
    ),
)

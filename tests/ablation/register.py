"""Guards of the register: what is inventory only is never served."""

from tests.ablation.guard import Guard

_TESTS = "tests/registry/test_register.py::TestInventoryOnly"
_TRIGGERS = "registry/migrations/0006_register_guards.py"

REGISTER = (
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
)

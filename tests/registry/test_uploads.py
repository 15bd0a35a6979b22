"""A file comes in by pieces, goes on where it broke off, and is one whole blob at the end."""

import io
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.callers import Caller
from accounts.roles import Scope
from common.errors import Conflict, Invalid, NotAllowed, NotFound, TooLarge, Unavailable
from registry import blobs, uploads
from registry.models import Upload
from registry.upkeep import sweep_uploads
from tests.registry.upload_steps import (
    DATA,
    SHA,
    begin,
    files,
    locked,
    offset_of,
    send,
    take,
    take_and_roll_back,
)

pytestmark = pytest.mark.django_db


class Breaking(io.BytesIO):
    """A sender whose connection breaks after the data."""

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        if not piece:
            raise OSError("connection lost")
        return piece


class TestBeginning:
    @pytest.mark.parametrize(
        "name", ["", ".hidden", "../up", "a/b", "a\\b", "a b", "a\n", "é", "x" * 129, "a\x00"]
    )
    def test_takes_only_plain_names(self, ada: Caller, name: str) -> None:
        with pytest.raises(Invalid) as refused:
            begin(ada, name=name)
        assert refused.value.field == "name"

    @pytest.mark.parametrize("sha256", ["abc", "g" * 64, SHA.upper(), f"md5:{SHA}"])
    def test_takes_only_sha256_digests(self, ada: Caller, sha256: str) -> None:
        with pytest.raises(Invalid) as refused:
            begin(ada, sha256=sha256)
        assert refused.value.field == "sha256"

    def test_refuses_files_over_the_limit(self, ada: Caller, settings: Settings) -> None:
        settings.MAX_ARTIFACT_BYTES = 1000
        begin(ada, size=1000)
        with pytest.raises(TooLarge):
            begin(ada, size=1001)

    @pytest.mark.parametrize("size", [0, -1])
    def test_refuses_files_without_bytes(self, ada: Caller, size: int) -> None:
        with pytest.raises(Invalid):
            begin(ada, size=size)

    def test_refuses_what_the_disk_cannot_hold(self, ada: Caller, settings: Settings) -> None:
        settings.MAX_ARTIFACT_BYTES = 2**62
        with pytest.raises(Unavailable):
            begin(ada, size=2**61)
        assert files(settings) == set()

    def test_a_person_has_a_limited_number_open(
        self, ada: Caller, ben: Caller, settings: Settings
    ) -> None:
        settings.MAX_OPEN_UPLOADS = 2
        first = begin(ada)
        begin(ada)
        with pytest.raises(Conflict, match="2 unfinished"):
            begin(ada)
        begin(ben)
        uploads.cancel(caller=ada, upload_id=first.pk)
        begin(ada)

    def test_expired_uploads_do_not_count(self, ada: Caller, settings: Settings) -> None:
        settings.MAX_OPEN_UPLOADS = 1
        expire(begin(ada))
        begin(ada)

    def test_is_for_people_who_can_register_or_review_something(self, cleo: Caller) -> None:
        with pytest.raises(NotAllowed, match="contributors, managers, reviewers and compliance"):
            begin(cleo)

    def test_needs_a_token_that_may_write(self, ada: Caller) -> None:
        reading = Caller(ada.user, "token", ada.roles, frozenset({Scope.READ.value}))
        with pytest.raises(NotAllowed, match="token"):
            begin(reading)

    def test_keeps_unfinished_bytes_private(self, ada: Caller, settings: Settings) -> None:
        upload = begin(ada)
        folder = Path(settings.UPLOAD_DIR)
        assert (folder / str(upload.pk)).stat().st_mode & 0o777 == 0o600
        assert folder.stat().st_mode & 0o777 == 0o700


def expire(upload: Upload) -> None:
    Upload.objects.filter(pk=upload.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


class TestSending:
    def test_all_in_one_go(self, ada: Caller) -> None:
        upload = begin(ada)
        progress = send(ada, upload, 0, DATA)
        assert (progress.offset, progress.sha256) == (len(DATA), SHA)

    def test_in_pieces_of_any_length(self, ada: Caller) -> None:
        upload = begin(ada)
        assert send(ada, upload, 0, DATA[:5]).offset == 5
        assert send(ada, upload, 5, b"").offset == 5
        assert send(ada, upload, 5, DATA[5:2_000_000]).sha256 == ""
        assert send(ada, upload, 2_000_000, DATA[2_000_000:]).sha256 == SHA

    @pytest.mark.parametrize("offset", [0, 4, 6, 10**9])
    def test_at_another_offset_is_refused_and_told_the_right_one(
        self, ada: Caller, offset: int
    ) -> None:
        upload = begin(ada)
        send(ada, upload, 0, DATA[:5])
        with pytest.raises(Conflict, match="offset 5"):
            send(ada, upload, offset, DATA[5:])
        assert offset_of(ada, upload) == 5

    def test_the_last_bytes_twice_changes_nothing(self, ada: Caller) -> None:
        upload = begin(ada)
        send(ada, upload, 0, DATA)
        assert send(ada, upload, len(DATA), b"").sha256 == SHA

    def test_more_than_announced_keeps_nothing_of_the_request(self, ada: Caller) -> None:
        upload = begin(ada)
        send(ada, upload, 0, DATA[:5])
        with pytest.raises(TooLarge):
            send(ada, upload, 5, DATA[5:] + b"x")
        assert offset_of(ada, upload) == 5

    def test_more_than_announced_in_chunks_keeps_nothing_of_the_request(self, ada: Caller) -> None:
        upload = begin(ada, size=10)
        body = io.BytesIO(DATA)
        with pytest.raises(TooLarge):
            uploads.append(caller=ada, upload_id=upload.pk, offset=0, body=body)
        assert offset_of(ada, upload) == 0
        assert body.tell() <= blobs.PIECE

    def test_a_body_without_length_is_read_to_its_end(self, ada: Caller) -> None:
        upload = begin(ada)
        body = io.BytesIO(DATA)
        assert uploads.append(caller=ada, upload_id=upload.pk, offset=0, body=body).sha256 == SHA

    def test_what_arrived_before_the_connection_broke_is_kept(self, ada: Caller) -> None:
        upload = begin(ada)
        with pytest.raises(OSError, match="connection lost"):
            uploads.append(
                caller=ada, upload_id=upload.pk, offset=0, body=Breaking(DATA[:1000]), length=5000
            )
        assert offset_of(ada, upload) == 1000
        assert send(ada, upload, 1000, DATA[1000:]).sha256 == SHA

    def test_a_body_shorter_than_its_length_is_kept_and_said(self, ada: Caller) -> None:
        upload = begin(ada)
        with pytest.raises(Invalid, match="1000 of 5000"):
            uploads.append(
                caller=ada, upload_id=upload.pk, offset=0, body=io.BytesIO(DATA[:1000]), length=5000
            )
        assert offset_of(ada, upload) == 1000

    def test_a_wrong_digest_is_refused_and_the_upload_can_be_sent_again(self, ada: Caller) -> None:
        upload = begin(ada, sha256=f"sha256:{SHA}")
        with pytest.raises(Invalid) as refused:
            send(ada, upload, 0, b"x" + DATA[1:])
        assert refused.value.field == "sha256"
        assert offset_of(ada, upload) == 0
        assert send(ada, upload, 0, DATA).sha256 == SHA

    def test_a_second_request_at_the_same_time_is_refused(self, ada: Caller) -> None:
        upload = begin(ada)
        with locked(upload), pytest.raises(Conflict, match="Another request"):
            send(ada, upload, 0, DATA)
        assert send(ada, upload, 0, DATA).sha256 == SHA

    def test_to_an_upload_removed_meanwhile_is_not_found(
        self, ada: Caller, settings: Settings
    ) -> None:
        upload = begin(ada)

        class Removing(io.BytesIO):
            def read(self, size: int | None = -1, /) -> bytes:
                (Path(settings.UPLOAD_DIR) / str(upload.pk)).unlink(missing_ok=True)
                return super().read(size)

        with pytest.raises(NotFound):
            uploads.append(caller=ada, upload_id=upload.pk, offset=0, body=Removing(DATA))

    def test_is_for_the_owner_alone(self, ada: Caller, ben: Caller) -> None:
        upload = begin(ada)
        with pytest.raises(NotFound):
            send(ben, upload, 0, DATA)
        with pytest.raises(NotFound):
            offset_of(ben, upload)
        with pytest.raises(NotFound):
            uploads.cancel(caller=ben, upload_id=upload.pk)
        assert offset_of(ada, upload) == 0

    def test_ends_when_the_upload_expires(self, ada: Caller) -> None:
        upload = begin(ada)
        expire(upload)
        with pytest.raises(NotFound):
            send(ada, upload, 0, DATA)


class TestTaking:
    def test_moves_the_bytes_into_the_store(
        self,
        ada: Caller,
        settings: Settings,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        upload = begin(ada)
        send(ada, upload, 0, DATA)
        with django_capture_on_commit_callbacks(execute=True):
            taken = take(ada, upload)
        assert (taken.name, taken.size, taken.sha256) == ("model.onnx", len(DATA), SHA)
        assert taken.path == blobs.path_of(SHA)
        assert blobs.read_verified(SHA, len(DATA)) == DATA
        assert files(settings) == set()
        assert not Upload.objects.exists()

    def test_works_once(self, ada: Caller) -> None:
        upload = begin(ada)
        send(ada, upload, 0, DATA)
        take(ada, upload)
        with pytest.raises(NotFound):
            take(ada, upload)

    def test_leaves_an_unfinished_upload_alone(self, ada: Caller) -> None:
        upload = begin(ada)
        send(ada, upload, 0, DATA[:5])
        with pytest.raises(Conflict, match=f"5 of {len(DATA)}"):
            take(ada, upload)
        assert offset_of(ada, upload) == 5

    def test_is_for_the_owner_alone(self, ada: Caller, ben: Caller) -> None:
        upload = begin(ada)
        send(ada, upload, 0, DATA)
        with pytest.raises(NotFound):
            take(ben, upload)

    def test_refuses_files_over_the_limit_of_their_use(self, ada: Caller) -> None:
        upload = begin(ada)
        send(ada, upload, 0, DATA)
        with pytest.raises(TooLarge):
            take(ada, upload, limit=1000)
        assert offset_of(ada, upload) == len(DATA)

    def test_can_be_tried_again_after_a_rolled_back_registration(self, ada: Caller) -> None:
        upload = begin(ada)
        send(ada, upload, 0, DATA)
        with pytest.raises(Invalid, match="name is taken"):
            take_and_roll_back(ada, upload)
        progress = uploads.find(caller=ada, upload_id=upload.pk)
        assert (progress.offset, progress.sha256) == (len(DATA), SHA)
        assert take(ada, upload).sha256 == SHA
        assert blobs.read_verified(SHA, len(DATA)) == DATA

    def test_after_a_roll_back_no_more_bytes_are_taken(self, ada: Caller) -> None:
        upload = begin(ada)
        send(ada, upload, 0, DATA)
        with pytest.raises(Invalid, match="name is taken"):
            take_and_roll_back(ada, upload)
        with pytest.raises(Conflict):
            send(ada, upload, len(DATA), b"x")

    def test_hashes_from_the_disk_what_a_crash_left_without_its_digest(
        self, ada: Caller, settings: Settings
    ) -> None:
        upload = begin(ada, sha256=SHA)
        (Path(settings.UPLOAD_DIR) / str(upload.pk)).write_bytes(DATA)
        assert take(ada, upload).sha256 == SHA

    def test_refuses_bytes_without_the_declared_digest(
        self, ada: Caller, settings: Settings
    ) -> None:
        upload = begin(ada, sha256=SHA)
        (Path(settings.UPLOAD_DIR) / str(upload.pk)).write_bytes(DATA[::-1])
        with pytest.raises(Invalid):
            take(ada, upload)
        assert list(Path(settings.BLOB_DIR).rglob("*")) == []

    def test_waits_for_no_request_that_is_still_writing(self, ada: Caller) -> None:
        upload = begin(ada)
        send(ada, upload, 0, DATA)
        with locked(upload), pytest.raises(Conflict, match="Another request"):
            take(ada, upload)


class TestRemoving:
    def test_takes_the_bytes_away(
        self,
        ada: Caller,
        settings: Settings,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        upload = begin(ada)
        send(ada, upload, 0, DATA)
        with django_capture_on_commit_callbacks(execute=True):
            uploads.cancel(caller=ada, upload_id=upload.pk)
        assert files(settings) == set()
        with pytest.raises(NotFound):
            offset_of(ada, upload)


class TestSweeping:
    def test_removes_expired_uploads_with_their_bytes(
        self, ada: Caller, settings: Settings
    ) -> None:
        send(ada, begin(ada), 0, DATA)
        later = timezone.now() + timedelta(hours=settings.UPLOAD_LIFE_HOURS, minutes=1)
        assert sweep_uploads(later) == 3
        assert files(settings) == set()
        assert not Upload.objects.exists()

    def test_leaves_live_uploads_alone(self, ada: Caller, settings: Settings) -> None:
        upload = begin(ada)
        send(ada, upload, 0, DATA[:5])
        almost = upload.expires_at - timedelta(minutes=1)
        assert sweep_uploads(almost) == 0
        assert offset_of(ada, upload) == 5

    def test_removes_files_of_no_upload_once_they_are_old(self, settings: Settings) -> None:
        folder = Path(settings.UPLOAD_DIR)
        folder.mkdir()
        (folder / str(uuid4())).write_bytes(b"left by a crash")
        assert sweep_uploads(timezone.now()) == 0
        assert sweep_uploads(timezone.now() + timedelta(hours=2)) == 1
        assert files(settings) == set()

    def test_of_an_instance_without_uploads_does_nothing(self) -> None:
        assert sweep_uploads(timezone.now()) == 0

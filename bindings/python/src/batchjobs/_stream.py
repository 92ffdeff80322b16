"""Results as the library gives them: batches of records, each batch copied once."""

from __future__ import annotations

import ctypes
import os
import sys
from collections import deque
from itertools import islice
from operator import length_hint
from typing import Any, Callable, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Union

from . import _header as h
from ._call import Handle, invoke
from ._core import Cancel, Core, SaveProgress, id_of, progress_function
from ._fields import Fields, fields_of
from ._header import RecordOutcome, Verdict
from ._job import JobData
from ._json import decode
from ._native import lib, places, text
from ._settings import encoded


class Record:
    """One record of a job's results."""

    __slots__ = ("raw", "key", "outcome", "index")

    raw: bytes
    """The record as the service sent it, byte for byte, without a line end."""
    key: Optional[str]
    """The name by which you know the record, where the service repeats it outside or beside the record."""
    outcome: RecordOutcome
    """How the record ended."""
    index: int
    """The record's place in the stream, from 0."""

    def __init__(self, raw: bytes, key: Optional[str], outcome: RecordOutcome, index: int) -> None:
        self.raw, self.key, self.outcome, self.index = raw, key, outcome, index

    def json(self) -> Any:
        """The record as Python values, read by orjson where that is installed.

        Errors: DecodeError (a ValueError) when the bytes are not JSON; the message names the record.
        """
        return decode(self.raw, f"record {self.index}", details={"index": str(self.index)})

    def __repr__(self) -> str:
        key = f", key={self.key!r}" if self.key is not None else ""
        return f"Record({self.index}, outcome={str(self.outcome)!r}{key}, raw={self.raw[:60]!r}{'...' if len(self.raw) > 60 else ''})"


class Batch(NamedTuple):
    """Records that came together. Record ``i`` is ``data[offsets[i]:offsets[i + 1]]``."""

    data: bytes
    """The bytes of all records, one behind the other."""
    offsets: List[int]
    """Where each record begins, and behind the last one the length of it all."""
    first_index: int
    """The place of the first record in the stream."""
    outcomes: List[RecordOutcome]
    """How each record ended."""
    keys: Sequence[Optional[str]]
    """The records' keys, None for a record without one."""

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def raws(self, start: int = 0) -> List[bytes]:
        """The bytes of each record."""
        data, offsets = self.data, self.offsets[start:] if start else self.offsets
        return [data[begin:end] for begin, end in zip(offsets, islice(offsets, 1, None))]

    def records(self, start: int = 0) -> List[Record]:
        """The records."""
        first = self.first_index + start
        return list(map(Record, self.raws(start), self.keys[start:], self.outcomes[start:], range(first, first + len(self) - start)))


def _copied(batch: h.bj_batch) -> Batch:
    count = lib.bj_batch_count(batch)
    at = places(lib.bj_batch_offsets(batch), count)
    data = ctypes.string_at(lib.bj_batch_data(batch, None) + at[0], at[-1] - at[0])
    if at[0]:
        at = [place - at[0] for place in at]
    numbers = ctypes.string_at(lib.bj_batch_outcomes(batch), count * 4)
    if numbers == numbers[:4] * count:
        number = int.from_bytes(numbers[:4], sys.byteorder)
        outcomes = [h.RECORD_OUTCOME_OF.get(number, RecordOutcome.UNKNOWN)] * count
    else:
        outcomes = [h.RECORD_OUTCOME_OF.get(number, RecordOutcome.UNKNOWN) for number in memoryview(numbers).cast("i")]
    return Batch(data, at, lib.bj_batch_first_index(batch), outcomes, _keys(batch, count))


def _keys(batch: h.bj_batch, count: int) -> Sequence[Optional[str]]:
    offsets = ctypes.POINTER(ctypes.c_int64)()
    data = lib.bj_batch_keys(batch, ctypes.byref(offsets))
    if not data:
        return [None] * count
    at = places(offsets, count)
    blob = ctypes.string_at(data + at[0], at[-1] - at[0])
    return [blob[begin - at[0] : end - at[0]].decode() or None for begin, end in zip(at, at[1:])]


Form = Callable[[Batch, int], List[Any]]


class ResultStream:
    """Records of one job, and the place that was reached among them."""

    def __init__(self, core: Core, job: Union[str, JobData], options: Mapping[str, Any], cancel: Optional[Cancel] = None) -> None:
        pointer = h.bj_results()
        name = encoded(id_of(job), "a job's id")
        core.call(lib.bj_results_open, pointer, name, options=options, cancel=cancel)
        self._core, self._cancel = core, cancel
        self.handle = Handle(pointer, lib.bj_results_destroy, "stream of results")
        self._batch: Optional[Batch] = None
        self._form: Optional[Form] = None
        # What of the batch was not given yet; it knows how much that is.
        self._rest: Iterator[Any] = iter(())
        self._last_token: Optional[str] = None

    def next_batch(self) -> Optional[Batch]:
        """The next batch, or None at the end. What was left of the last one counts as given."""
        self._rest = iter(())
        batch = h.bj_batch()
        with self.handle as results:
            if invoke(self._core.provider, lib.bj_results_next_batch, ctypes.byref(batch), results) != h.OK:
                self._batch = None
                return None
            self._batch = _copied(batch)
        return self._batch

    def begin(self, form: Form) -> Iterator[Any]:
        """What is left of the batch, in another form if need be; whoever takes from it moves the place."""
        left = length_hint(self._rest)
        if left and self._batch is not None and form is not self._form:
            # Whoever still holds the old form finds nothing more in it.
            deque(self._rest, maxlen=0)
            self._rest = iter(form(self._batch, len(self._batch) - left))
        self._form = form
        return self._rest

    @property
    def has_left(self) -> bool:
        """Whether something of the batch was not given yet."""
        return length_hint(self._rest) > 0

    def fill(self, form: Form) -> Optional[Iterator[Any]]:
        """The next batch in a form; None at the end. Blocks."""
        batch = self.next_batch()
        if batch is None:
            return None
        self._form, self._rest = form, iter(form(batch, 0))
        return self._rest

    def left(self) -> Optional[Batch]:
        """What was not given of the batch, as a batch; it counts as given then."""
        left = length_hint(self._rest)
        if not left or self._batch is None:
            return None
        deque(self._rest, maxlen=0)
        data, offsets, first, outcomes, keys = self._batch
        start = len(offsets) - 1 - left
        begin = offsets[start]
        return Batch(data[begin:], [place - begin for place in offsets[start:]], first + start, outcomes[start:], keys[start:])

    @property
    def token(self) -> str:
        """The place behind the record that was given last."""
        if self.handle.closed and self._last_token is not None:
            return self._last_token
        out = ctypes.c_char_p()
        with self.handle as results:
            index = lib.bj_results_records(results) - 1 - length_hint(self._rest)
            invoke(self._core.provider, lib.bj_results_token_at, ctypes.byref(out), results, index)
            return text(out.value) or ""

    def close(self) -> None:
        """The token stays readable."""
        if not self.handle.closed:
            try:
                self._last_token = self.token
            except (RuntimeError, ValueError):
                self._last_token = None
            deque(self._rest, maxlen=0)
            self.handle.close()

    def _number(self, function: Callable[..., int]) -> Optional[int]:
        with self.handle as results:
            found = function(results)
        return None if found < 0 else found

    @property
    def given(self) -> int:
        return (self._number(lib.bj_results_records) or 0) - length_hint(self._rest)

    @property
    def expected(self) -> Optional[int]:
        return self._number(lib.bj_results_expected)

    @property
    def bytes_received(self) -> int:
        return self._number(lib.bj_results_bytes) or 0

    @property
    def bytes_total(self) -> Optional[int]:
        return self._number(lib.bj_results_bytes_total)

    @property
    def parts(self) -> int:
        return self._number(lib.bj_results_parts) or 0

    @property
    def parts_done(self) -> int:
        return self._number(lib.bj_results_parts_done) or 0

    @property
    def verdict(self) -> Verdict:
        with self.handle as results:
            return h.VERDICT_OF.get(lib.bj_results_verdict(results), Verdict.NONE)

    @property
    def job(self) -> Fields:
        with self.handle as results:
            return fields_of(lib.bj_results_job(results))

    def save(self, file: Union[int, Any], progress: Optional[SaveProgress]) -> None:
        """What is left goes to an open file or descriptor."""
        if isinstance(file, bool) or not (isinstance(file, int) or hasattr(file, "fileno")):
            raise TypeError(f"save_to takes an open binary file or a descriptor, not {type(file).__name__} ({file!r:.40})")
        if not isinstance(file, int):
            file.flush()
        descriptor = file if isinstance(file, int) else file.fileno()
        left = [raw + b"\n" for raw in self.begin(Batch.raws)]
        if left:
            with os.fdopen(os.dup(descriptor), "wb") as out:
                out.writelines(left)
        self._rest = iter(())
        with self.handle as results:
            invoke(self._core.provider, lib.bj_results_save, results, descriptor, progress_function(progress), None)

"""List, read, stream and cancel with nothing but ctypes: the header is all there is to know.

    python3 tour.py LIBRARY SERVICE JOB_ID api_key=... [NAME=VALUE ...]
"""
import ctypes
import sys
import threading
from ctypes import POINTER, byref, c_char_p, c_int32, c_int64, c_size_t, c_void_p

lib = ctypes.CDLL(sys.argv[1])


def declare(result, name, *arguments):
    function = getattr(lib, name)
    function.restype, function.argtypes = result, arguments
    return function


OUT = POINTER(c_void_p)
status_name = declare(c_char_p, "bj_status_name", c_int32)
phase_name = declare(c_char_p, "bj_phase_name", c_int32)
error_message = declare(c_char_p, "bj_error_message", c_void_p)
error_destroy = declare(None, "bj_error_destroy", c_void_p)
declare(c_int32, "bj_options_new", OUT, OUT)
declare(c_int32, "bj_options_set", c_void_p, c_char_p, c_char_p, OUT)
declare(c_int32, "bj_cancel_new", OUT, OUT)
cancel_fire = declare(None, "bj_cancel_fire", c_void_p)
declare(c_int32, "bj_client_new", OUT, c_char_p, c_void_p, OUT)
declare(c_int32, "bj_pages_open", OUT, c_void_p, c_void_p, c_void_p, OUT)
declare(c_int32, "bj_pages_next", OUT, c_void_p, OUT)
page_count = declare(c_size_t, "bj_page_count", c_void_p)
page_job = declare(c_void_p, "bj_page_job", c_void_p, c_size_t)
declare(c_int32, "bj_client_get", OUT, c_void_p, c_char_p, c_void_p, c_void_p, OUT)
job_id = declare(c_char_p, "bj_job_id", c_void_p)
job_phase = declare(c_int32, "bj_job_phase", c_void_p)
declare(c_int32, "bj_results_open", OUT, c_void_p, c_char_p, c_void_p, c_void_p, OUT)
declare(c_int32, "bj_results_next", OUT, c_void_p, OUT)
record_data = declare(c_void_p, "bj_record_data", c_void_p, POINTER(c_size_t))
for kind in ("options", "cancel", "client", "pages", "job", "results"):
    declare(None, f"bj_{kind}_destroy", c_void_p)


def call(name, *arguments):
    """Calls a function that can fail; its error becomes an exception."""
    error = c_void_p()
    status = getattr(lib, name)(*arguments, byref(error))
    if status < 0:
        message = f"{status_name(status).decode()}: {error_message(error).decode()}"
        error_destroy(error)
        raise RuntimeError(message)
    return status


def new(name, *arguments):
    out = c_void_p()
    call(name, byref(out), *arguments)
    return out


service, wanted = sys.argv[2].encode(), sys.argv[3].encode()
options = new("bj_options_new")
for setting in sys.argv[4:]:
    key, _, value = setting.partition("=")
    call("bj_options_set", options, key.encode(), value.encode())
cancel = new("bj_cancel_new")
client = new("bj_client_new", service, options)

pages, page, ids = new("bj_pages_open", client, None, cancel), c_void_p(), []
while call("bj_pages_next", byref(page), pages) == 0:
    ids += [job_id(page_job(page, i)).decode() for i in range(page_count(page))]
print(f"listed {len(ids)} jobs, from {ids[0]} to {ids[-1]}")

job = new("bj_client_get", client, wanted, None, cancel)
print(f"{job_id(job).decode()} is {phase_name(job_phase(job)).decode()}")

results, record = new("bj_results_open", client, wanted, None, cancel), c_void_p()
size, total = c_size_t(), 0
while call("bj_results_next", byref(record), results) == 0:
    total += len(ctypes.string_at(record_data(record, byref(size)), size.value))
print(f"streamed {total} bytes of records")

threading.Timer(0.05, cancel_fire, [cancel]).start()
try:
    while True:
        lib.bj_job_destroy(new("bj_client_get", client, wanted, None, cancel))
except RuntimeError as error:
    print(error)

for handle, kind in ((results, "results"), (job, "job"), (pages, "pages"), (client, "client"),
                     (cancel, "cancel"), (options, "options")):
    getattr(lib, f"bj_{kind}_destroy")(handle)

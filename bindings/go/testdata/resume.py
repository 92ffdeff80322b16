"""Reads records by ctypes alone: resume.py LIBRARY SERVICE URL KEY JOB COUNT [TOKEN].

Prints COUNT records (-1: all), each as hexadecimal digits, and then the token of the place reached.
"""
import ctypes
import sys

library, service, url, key, job = sys.argv[1:6]
count, token = int(sys.argv[6]), sys.argv[7] if len(sys.argv) > 7 else None
bj = ctypes.CDLL(library)
for name in ("bj_record_data", "bj_error_message"):
    getattr(bj, name).restype = ctypes.c_void_p
bj.bj_results_token_at.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p]
bj.bj_record_index.restype = ctypes.c_int64


def check(status, error):
    if status < 0:
        sys.exit(ctypes.string_at(bj.bj_error_message(error)).decode())
    return status


def options(**settings):
    made, error = ctypes.c_void_p(), ctypes.c_void_p()
    check(bj.bj_options_new(ctypes.byref(made), ctypes.byref(error)), error)
    for name, value in settings.items():
        check(bj.bj_options_set(made, name.encode(), value.encode(), ctypes.byref(error)), error)
    return made


error, client, results = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
check(bj.bj_client_new(ctypes.byref(client), service.encode(), options(api_key=key, base_url=url), ctypes.byref(error)), error)
own = options(resume=token) if token else None
check(bj.bj_results_open(ctypes.byref(results), client, job.encode(), own, None, ctypes.byref(error)), error)
record, length, index = ctypes.c_void_p(), ctypes.c_size_t(), -1
while count != 0 and check(bj.bj_results_next(ctypes.byref(record), results, ctypes.byref(error)), error) == 0:
    print(ctypes.string_at(bj.bj_record_data(record, ctypes.byref(length)), length.value).hex())
    index = bj.bj_record_index(record)
    count -= 1
text = ctypes.c_char_p()
check(bj.bj_results_token_at(ctypes.byref(text), results, index, ctypes.byref(error)), error)
print(text.value.decode())

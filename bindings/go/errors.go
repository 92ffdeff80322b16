package batchjobs

// #include "bridge.h"
import "C"

import (
	"fmt"
	"strconv"
	"syscall"
	"time"
)

// A Code is the kind of an error. Codes are errors themselves, to be looked for in others:
//
//	if errors.Is(err, batchjobs.ErrNotFound) { ... }
type Code int32

// Error tells the kind in a few words.
func (code Code) Error() string { return "batchjobs: " + word(codeWords, code) }

// Name gives the C interface's name, such as "BJ_E_TIMEOUT", which is the same in all languages.
func (code Code) Name() string {
	if name := C.bj_status_name(C.bj_status(code)); name != nil {
		return C.GoString(name)
	}
	return strconv.Itoa(int(code))
}

// word finds a number in a table; a later version of the library may give others.
func word[Number ~int32](table map[Number]string, number Number) string {
	if text, ok := table[number]; ok {
		return text
	}
	return "number " + strconv.Itoa(int(number))
}

// An Error is what every function of this package fails with. Nothing in it holds a key, a token
// or the query of a link.
//
// [errors.Is] finds its Code in it; of a call that its context ended also [context.Canceled] or
// [context.DeadlineExceeded] and the context's cause; of a file that could not be written the
// system's reason; of a token provider that failed its error.
type Error struct {
	Code     Code
	Message  string // one line: what was wrong, and what would be right
	Provider string // the service; empty where it is not the matter

	HTTPStatus  int           // 0 where no answer came
	ServiceCode string        // the service's own error code
	RequestID   string        // by which the service knows the request
	RetryAfter  time.Duration // how long the service asks to wait; 0 where it does not
	JobID       string        // the job the call was about
	URL         string        // the address asked, without its query

	// Details tell more by name: "path" (where in the answer), "cursor", "option", "errors" (a list
	// of what is invalid, as JSON), "phase" and "word" of a job that was waited for, and others.
	Details map[string]string

	retryable bool
	causes    []error
}

// Error gives the message.
func (e *Error) Error() string { return "batchjobs: " + e.Message }

// Unwrap gives the Code and what else led to the error.
func (e *Error) Unwrap() []error { return append([]error{e.Code}, e.causes...) }

// Timeout tells whether a time limit passed: the context's, or that of an option.
func (e *Error) Timeout() bool { return e.Code == ErrTimeout }

// Retryable tells whether the same call may well succeed later.
func (e *Error) Retryable() bool { return e.retryable }

// failure is an error that needs no answer of a service.
func failure(code Code, format string, values ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, values...)}
}

// errorFrom copies an error of the library.
func errorFrom(provider string, from *C.bj_error) *Error {
	e := &Error{
		Code:        Code(C.bj_error_status(from)),
		Message:     C.GoString(C.bj_error_message(from)),
		Provider:    provider,
		HTTPStatus:  max(0, int(C.bj_error_http_status(from))),
		ServiceCode: C.GoString(C.bj_error_code(from)),
		RequestID:   C.GoString(C.bj_error_request_id(from)),
		RetryAfter:  time.Duration(max(0, C.bj_error_retry_after_ms(from))) * time.Millisecond,
		JobID:       C.GoString(C.bj_error_job_id(from)),
		URL:         C.GoString(C.bj_error_url(from)),
		retryable:   C.bj_error_retryable(from) == 1,
	}
	for i := C.size_t(0); i < C.bj_error_detail_count(from); i++ {
		if e.Details == nil {
			e.Details = make(map[string]string)
		}
		name := C.bj_error_detail_name(from, i)
		e.Details[C.GoString(name)] = C.GoString(C.bj_error_detail(from, name))
	}
	if number, ok := fileErrors[e.Details["errno"]]; ok {
		e.causes = append(e.causes, number)
	}
	return e
}

// fileErrors are the reasons that the detail "errno" may name.
var fileErrors = map[string]syscall.Errno{
	"ENOSPC": syscall.ENOSPC, "EDQUOT": syscall.EDQUOT, "EACCES": syscall.EACCES, "EPERM": syscall.EPERM,
	"EROFS": syscall.EROFS, "ENOENT": syscall.ENOENT, "ENOTDIR": syscall.ENOTDIR, "EEXIST": syscall.EEXIST,
	"EISDIR": syscall.EISDIR, "EIO": syscall.EIO, "EFBIG": syscall.EFBIG, "EPIPE": syscall.EPIPE,
	"EBADF": syscall.EBADF, "EMFILE": syscall.EMFILE, "ENFILE": syscall.ENFILE, "ELOOP": syscall.ELOOP,
	"ENAMETOOLONG": syscall.ENAMETOOLONG, "EWOULDBLOCK": syscall.EWOULDBLOCK,
	"ECONNRESET": syscall.ECONNRESET, "EINVAL": syscall.EINVAL,
}

// taken turns a status and an error of the library, which it frees, into an error of Go. The error
// comes by its place, because Go may read a variable before the call that sets it.
func taken(provider string, status C.bj_status, place **C.bj_error) *Error {
	if status >= 0 {
		return nil
	}
	from := *place
	defer C.bj_error_destroy(from)
	if from == nil { // not enough memory even for the error
		return failure(Code(status), "%s", word(codeWords, Code(status)))
	}
	return errorFrom(provider, from)
}

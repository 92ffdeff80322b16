package batchjobs

// #include "bridge.h"
// #include <stdlib.h>
import "C"

import (
	"context"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
	"unsafe"
)

// An Option is one setting, of a client in [New] or of a single call, where it wins over the
// client's. Whether the service knows it is checked where it is used.
type Option struct {
	name, value string
	apply       func(*settings) // in place of a value of the library's
}

// WithOption sets any option of the library by its name, as docs/options.md lists them. What is
// wrong with name or value is told by the call that the option is given to.
func WithOption(name, value string) Option { return Option{name: name, value: value} }

// WithHeader adds a header to every request to the service; none goes to the hosts of result files.
func WithHeader(name, value string) Option { return WithOption("header."+name, value) }

// WithLogger logs each request and token refresh, at the levels Debug and Info, and retries and calls
// that fail after them as warnings. No line holds a key, a token, a header value or the query of an
// address. The records carry the context of the call. The logger's handler may use the client, and
// must not wait for another of its calls that logs. For [New] only.
func WithLogger(logger *slog.Logger) Option {
	return Option{name: "WithLogger", apply: func(s *settings) { s.hooks.logger = logger }}
}

// WithTokenProvider calls provide for a fresh token when the service answers 401, at most once in
// each call (of a list, once for each page, of a wait, for each request), with the context of the call. The request is then sent
// again with it, and so are all later ones. An error ends the call with [ErrUnauthenticated], in
// which [errors.Is] finds it. Several goroutines may run it at once. It must not use the client.
// For [New] only.
func WithTokenProvider(provide func(context.Context) (string, error)) Option {
	return Option{name: "WithTokenProvider", apply: func(s *settings) { s.hooks.token = provide }}
}

// WithUpdates calls seen for each new snapshot of the job that [Client.Wait] waits for, the first
// and the last included, on the goroutine of the call.
func WithUpdates(seen func(*Job)) Option {
	return Option{name: "WithUpdates", apply: func(s *settings) { s.hooks.update = seen }}
}

// WithProgress calls seen about four times a second while [Client.Save] works, and at its end, on
// the goroutine of the call.
func WithProgress(seen func(Progress)) Option {
	return Option{name: "WithProgress", apply: func(s *settings) { s.hooks.progress = seen }}
}

// WithReuse lets the records of a stream share memory one after the other, which spares the garbage
// collector much work: the bytes of a record are good until the next one is asked for, as those of a
// [bufio.Scanner] are. Without it they are good for as long as they are referred to. For
// [Client.Results] and [Client.OpenResults].
func WithReuse() Option {
	return Option{name: "WithReuse", apply: func(s *settings) { s.reuse = true }}
}

func milliseconds(value time.Duration) string { return strconv.FormatInt(value.Milliseconds(), 10) }

// settings are the options of one call, or of a client.
type settings struct {
	named []Option
	hooks hooks
	reuse bool // WithReuse
}

// gather sorts options out; of those that are not the library's, only the allowed ones belong here.
func gather(options []Option, allowed ...string) (settings, error) {
	var found settings
	for _, option := range options {
		if option.apply == nil {
			found.named = append(found.named, option)
			continue
		}
		if !slices.Contains(allowed, option.name) {
			return found, failure(ErrArgument, "%s does not belong to this call", option.name)
		}
		option.apply(&found)
	}
	return found, nil
}

// value is what was set last for a name.
func (s *settings) value(name string) (string, bool) {
	for _, option := range slices.Backward(s.named) {
		if option.name == name {
			return option.value, true
		}
	}
	return "", false
}

var defaults = sync.OnceValue(func() map[string]string {
	found := make(map[string]string)
	for i := C.size_t(0); i < C.bj_option_count(); i++ {
		found[C.GoString(C.bj_option_name(i))] = C.GoString(C.bj_option_default(i))
	}
	return found
})

// withDeadline lowers time limits, by their options' names, to what a context leaves.
func (s *settings) withDeadline(ctx context.Context, client *settings, names ...string) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return
	}
	// At least one millisecond, or the library would refuse the option.
	left := max(1, time.Until(deadline).Milliseconds())
	for _, name := range names {
		text, ok := s.value(name)
		if !ok {
			text, ok = client.value(name)
		}
		if !ok {
			text = defaults()[name]
		}
		limit, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			limit = math.MinInt64 // the library tells what is wrong with it
		}
		if left < limit {
			s.named = append(s.named, WithOption(name, strconv.FormatInt(left, 10)))
		}
	}
}

// native makes the library's form of the options, to be destroyed; nil when there are none.
func (s *settings) native() (*C.bj_options, error) {
	if len(s.named) == 0 {
		return nil, nil
	}
	var options *C.bj_options
	var e *C.bj_error
	if err := taken("", C.bj_options_new(&options, &e), &e); err != nil {
		return nil, err
	}
	for _, option := range s.named {
		if err := set(options, option); err != nil {
			C.bj_options_destroy(options)
			return nil, err
		}
	}
	return options, nil
}

func set(options *C.bj_options, option Option) error {
	name, err := cText("the name of an option", option.name)
	if err != nil {
		return err
	}
	defer C.free(unsafe.Pointer(name))
	value, err := cText("the option "+strconv.Quote(option.name), option.value)
	if err != nil {
		return err
	}
	defer C.free(unsafe.Pointer(value))
	var e *C.bj_error
	if err := taken("", C.bj_options_set(options, name, value, &e), &e); err != nil {
		return err
	}
	return nil
}

// cText copies a text for C, to be freed. C would see the end of it in a NUL.
func cText(what, text string) (*C.char, error) {
	if strings.IndexByte(text, 0) >= 0 {
		return nil, failure(ErrArgument, "%s holds a NUL character", what)
	}
	if !utf8.ValidString(text) {
		return nil, failure(ErrArgument, "%s is not UTF-8", what)
	}
	return C.CString(text), nil
}

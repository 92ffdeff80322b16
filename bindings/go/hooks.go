package batchjobs

// #include "bridge.h"
import "C"

import (
	"context"
	"log/slog"
	"runtime/cgo"
	"unsafe"
)

// hooks are the functions that the library is to call. They run on the goroutine of the call that
// they belong to, and find it by its handle.
type hooks struct {
	logger   *slog.Logger
	token    func(context.Context) (string, error)
	update   func(*Job)
	progress func(Progress)
	client   *Client // whose jobs update is given
}

func (h *hooks) any() bool {
	return h.logger != nil || h.token != nil || h.update != nil || h.progress != nil
}

// run calls a hook. A panic must not leave through C: it is kept, and goes on once the library has
// returned. Until then no further hook runs, and the library is told to stop.
func (c *call) run(hook func()) (status C.int32_t) {
	if c.panicked != nil {
		return 1
	}
	defer func() {
		if value := recover(); value != nil {
			c.panicked, status = value, 1
			C.bj_cancel_fire(c.cancel)
		}
	}()
	hook()
	return 0
}

func callOf(handle C.uintptr_t) *call { return cgo.Handle(handle).Value().(*call) }

var levels = map[C.int32_t]slog.Level{C.BJ_LOG_WARN: slog.LevelWarn, C.BJ_LOG_INFO: slog.LevelInfo}

//export bjgoLog
func bjgoLog(handle C.uintptr_t, level C.int32_t, line *C.char) {
	c := callOf(handle)
	at, ok := levels[level]
	if !ok {
		at = slog.LevelDebug
	}
	c.run(func() {
		if c.hooks.logger.Enabled(c.ctx, at) {
			c.hooks.logger.LogAttrs(c.ctx, at, C.GoString(line), slog.String("provider", c.provider))
		}
	})
}

//export bjgoToken
func bjgoToken(handle C.uintptr_t, sink *C.bj_token) C.int32_t {
	c := callOf(handle)
	refused := C.int32_t(0)
	status := c.run(func() {
		token, err := c.hooks.token(c.ctx)
		if err != nil {
			c.refusal, refused = err, 1
			return
		}
		C.bj_token_set(sink, (*C.char)(unsafe.Pointer(unsafe.StringData(token))), C.size_t(len(token)))
	})
	return status | refused
}

//export bjgoUpdate
func bjgoUpdate(handle C.uintptr_t, job *C.bj_job) C.int32_t {
	c := callOf(handle)
	return c.run(func() { c.hooks.update(newJob(c.hooks.client, job)) })
}

//export bjgoProgress
func bjgoProgress(handle C.uintptr_t, bytes, total, records C.int64_t) C.int32_t {
	c := callOf(handle)
	return c.run(func() { c.hooks.progress(Progress{int64(bytes), int64(total), int64(records)}) })
}

package batchjobs

// #include "bridge.h"
import "C"

import (
	"context"
	"errors"
	"runtime/cgo"
	"time"
)

// A call is one call into the library, or all those of one iterator: the context that ends it, and
// the hooks that run within it.
type call struct {
	ctx      context.Context
	provider string
	hooks    hooks
	handle   cgo.Handle // by which the hooks find the call; 0 without hooks

	cancel *C.bj_cancel // nil where nothing can end the call: no context, Close or hook that panics
	stop   func() bool
	passed chan struct{} // closed when the end of the context was passed on
	ended  chan struct{} // closed when the call returned
	grace  time.Duration

	panicked any   // what a hook panicked with
	refusal  error // what the token provider failed with
}

// Where the library has been given a deadline, its own error says more than a cancellation would:
// it gets this much longer to tell.
const grace = 50 * time.Millisecond

// begin starts a call: end must follow.
func begin(ctx context.Context, provider string, hooks hooks, want wants) (*call, error) {
	if ctx == nil {
		return nil, failure(ErrArgument, "the context is nil; context.Background() is one that never ends")
	}
	c := &call{ctx: ctx, provider: provider, hooks: hooks}
	if ctx.Err() != nil {
		return nil, c.explain(failure(ErrCancelled, "cancelled before it began"))
	}
	if ctx.Done() != nil || want.closable || hooks.any() {
		var e *C.bj_error
		if err := taken(provider, C.bj_cancel_new(&c.cancel, &e), &e); err != nil {
			return nil, err
		}
	}
	if !want.iterator {
		c.grace = grace
	}
	if ctx.Done() != nil {
		c.passed, c.ended = make(chan struct{}), make(chan struct{})
		c.stop = context.AfterFunc(ctx, c.passOn)
	}
	if hooks.any() {
		c.handle = cgo.NewHandle(c)
	}
	return c, nil
}

func (c *call) passOn() {
	defer close(c.passed)
	if c.grace > 0 && errors.Is(c.ctx.Err(), context.DeadlineExceeded) {
		select {
		case <-c.ended:
			return
		case <-time.After(c.grace):
		}
	}
	C.bj_cancel_fire(c.cancel)
}

// end gives back what begin took, once nothing uses it any more.
func (c *call) end() {
	if c.stop != nil {
		close(c.ended)
		if !c.stop() {
			<-c.passed
		}
	}
	C.bj_cancel_destroy(c.cancel)
	c.cancel = nil
	if c.handle != 0 {
		c.handle.Delete()
	}
}

func (c *call) id() C.uintptr_t { return C.uintptr_t(c.handle) }

// check turns what the library returned into an error. A panic of a hook goes on from here.
func (c *call) check(status C.bj_status, e **C.bj_error) error {
	err := taken(c.provider, status, e)
	if c.panicked != nil {
		value := c.panicked
		c.panicked = nil
		panic(value)
	}
	if err == nil {
		return nil
	}
	return c.explain(err)
}

// explain adds what the library cannot know: that the context was the reason.
func (c *call) explain(err *Error) *Error {
	if err.Code == ErrUnauthenticated && c.refusal != nil {
		err.causes = append(err.causes, c.refusal)
	}
	reason := c.ctx.Err()
	switch {
	case err.Code == ErrCancelled && reason != nil:
		if errors.Is(reason, context.DeadlineExceeded) {
			err.Code = ErrTimeout
			err.Message = "the context's deadline passed"
		} else {
			err.Message = "the context was cancelled"
		}
	case err.Code == ErrCancelled: // nothing else fires what the call carries
		err.Message = "the results were closed meanwhile"
		return err
	case err.Code == ErrTimeout && c.overdue():
		reason = context.DeadlineExceeded
	default:
		return err
	}
	err.causes = append(err.causes, reason)
	if cause := context.Cause(c.ctx); cause != nil && cause != reason {
		err.causes = append(err.causes, cause)
	}
	return err
}

// overdue tells whether the deadline has passed, or did so for the library, which counts in whole
// milliseconds.
func (c *call) overdue() bool {
	deadline, ok := c.ctx.Deadline()
	return ok && time.Until(deadline) < 2*time.Millisecond
}

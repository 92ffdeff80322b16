package batchjobs

// #cgo pkg-config: batchjobs
// #include "bridge.h"
// #include <stdlib.h>
import "C"

import (
	"context"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"unsafe"
)

// A Client is one account at one service. Any number of goroutines may use it at once. It keeps
// connections open between calls.
type Client struct {
	provider string
	settings settings
	native   *native
}

// native is the library's client. It lives until it is closed and nobody is within.
type native struct {
	mutex   sync.Mutex
	pointer *C.bj_client
	users   int
	closed  bool
}

func (n *native) enter() bool {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if n.closed {
		return false
	}
	n.users++
	return true
}

func (n *native) leave() {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.users--
	n.free()
}

func (n *native) close() {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.closed = true
	n.free()
}

func (n *native) free() {
	if n.closed && n.users == 0 {
		C.bj_client_destroy(n.pointer)
		n.pointer = nil
	}
}

var checkVersion = sync.OnceValue(func() error {
	if found := int(C.bj_abi_version()); found != abiVersion {
		return failure(ErrState, "the loaded library has interface %d (version %s), this package was made for %d",
			found, Version(), abiVersion)
	}
	return nil
})

// Version gives the version of the loaded library, such as "0.1.0".
func Version() string { return C.GoString(C.bj_version()) }

// Providers gives the names of the services that the loaded library speaks to.
func Providers() []string {
	names := make([]string, C.bj_provider_count())
	for i := range names {
		names[i] = C.GoString(C.bj_provider_name(C.size_t(i)))
	}
	return names
}

// Accepts tells whether a service takes an option, by their names.
func Accepts(provider, option string) bool {
	if strings.IndexByte(provider+option, 0) >= 0 { // C would see the end of it there
		return false
	}
	service, name := C.CString(provider), C.CString(option)
	defer C.free(unsafe.Pointer(service))
	defer C.free(unsafe.Pointer(name))
	return C.bj_provider_accepts(service, name) == 1
}

// New makes a client of a service: "crustdata", "spidra", "reach" or "veryfront". No request is
// sent. [WithAPIKey] is required, and [WithProject] for veryfront.
//
// The client must be closed.
func New(provider string, options ...Option) (*Client, error) {
	if err := checkVersion(); err != nil {
		return nil, err
	}
	name, err := cText("the name of the service", provider)
	if err != nil {
		return nil, err
	}
	defer C.free(unsafe.Pointer(name))
	found, err := gather(options, "WithLogger", "WithTokenProvider")
	if err != nil {
		return nil, err
	}
	settings, err := found.native()
	if err != nil {
		return nil, err
	}
	defer C.bj_options_destroy(settings)
	made := &native{}
	var e *C.bj_error
	if err := taken(provider, C.bj_client_new(&made.pointer, name, settings, &e), &e); err != nil {
		return nil, err
	}
	C.bjgo_set_hooks(made.pointer, flag(found.hooks.logger != nil), flag(found.hooks.token != nil))
	client := &Client{provider: provider, settings: found, native: made}
	runtime.AddCleanup(client, (*native).close, made)
	return client, nil
}

func flag(is bool) C.int {
	if is {
		return 1
	}
	return 0
}

// Close gives the client back. Calls and iterators in progress go on, and connections close with
// the last of them; later calls fail with [ErrState]. It may be called more than once.
func (c *Client) Close() error {
	if c != nil && c.native != nil {
		c.native.close()
	}
	return nil
}

// Provider gives the name of the service.
func (c *Client) Provider() string {
	if c == nil {
		return ""
	}
	return c.provider
}

// Supports tells whether the service has an operation.
func (c *Client) Supports(capability Capability) bool {
	name := C.CString(c.Provider())
	defer C.free(unsafe.Pointer(name))
	return C.bj_provider_supports(name, C.int32_t(capability)) == 1
}

// enter begins the use of the library's client; leave must follow.
func (c *Client) enter() error {
	defer runtime.KeepAlive(c)
	if c == nil || c.native == nil {
		return failure(ErrState, "this client was not made by New")
	}
	if !c.native.enter() {
		return failure(ErrState, "the client is closed")
	}
	return nil
}

// A request is a call of a client with options of its own, about one job or none.
type request struct {
	*call
	client  *Client
	pointer *C.bj_client
	options *C.bj_options
	text    *C.char // the job's id
	reuse   bool
}

// request begins a call about a job, or about none; end must follow.
func (c *Client) request(ctx context.Context, id *string, options []Option, want wants) (r *request, err error) {
	if err := c.enter(); err != nil {
		return nil, err
	}
	r = &request{client: c, pointer: c.native.pointer}
	defer func() {
		if err != nil {
			r.end()
			r = nil
		}
	}()
	own, err := gather(options, want.taken...)
	if err != nil {
		return r, err
	}
	r.reuse = own.reuse
	own.hooks.logger, own.hooks.token, own.hooks.client = c.settings.hooks.logger, c.settings.hooks.token, c
	if r.call, err = begin(ctx, c.provider, own.hooks, want); err != nil {
		return r, err
	}
	own.withDeadline(ctx, &c.settings, want.limits...)
	if id != nil {
		if r.text, err = cText("the job's id "+strconv.Quote(*id), *id); err != nil {
			return r, err
		}
	}
	r.options, err = own.native()
	return r, err
}

// wants is what kinds of calls differ in.
type wants struct {
	taken    []string // the options that they take besides those of the library
	limits   []string // the options that bound their time
	iterator bool     // more calls follow, which the same limits do not bound
	closable bool     // they can be ended though their context cannot
}

// detach keeps the call, for an iterator, and ends the rest.
func (r *request) detach() *call {
	kept := r.call
	r.call = nil
	return kept
}

func (r *request) end() {
	C.bj_options_destroy(r.options)
	C.free(unsafe.Pointer(r.text))
	if r.call != nil {
		r.call.end()
	}
	r.client.native.leave()
}

package batchjobs

// #include "bridge.h"
// #include <stdlib.h>
import "C"

import (
	"context"
	"strconv"
	"unsafe"
)

// Progress tells how far results have come.
type Progress struct {
	Bytes   int64 // received, compressed as they came
	Total   int64 // of them in all; -1 while it is not known
	Records int64
}

// Save saves the results of a job under a path: one record a line, or with
// WithSaveFormat("gzip") the service's own compressed bytes, verified as they pass.
//
// Everything goes to path + ".partial" first, with the place reached in path + ".partial.json", and
// gets its name once the stream has ended well and is on the disk. What a crash, an error or a
// context that ended leaves there is taken up by the next call for the same job and path. A file
// that exists is replaced only with [WithOverwrite].
func (c *Client) Save(ctx context.Context, id, path string, options ...Option) error {
	// timeout_ms bounds each step of it; the context ends the whole.
	r, err := c.request(ctx, &id, options, wants{taken: []string{"WithProgress"}, limits: []string{"timeout_ms"}, iterator: true})
	if err != nil {
		return err
	}
	defer r.end()
	target, err := cText("the path "+strconv.Quote(path), path)
	if err != nil {
		return err
	}
	defer C.free(unsafe.Pointer(target))
	var e *C.bj_error
	progress := flag(r.hooks.progress != nil)
	status := C.bjgo_save(r.id(), progress, r.pointer, r.text, target, r.options, r.cancel, &e)
	return r.check(status, &e)
}

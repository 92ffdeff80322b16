package batchjobs

// #include "bridge.h"
import "C"

import (
	"context"
	"encoding/json"
	"iter"
	"unsafe"
)

// A Page is some jobs of an account, in the service's order.
type Page struct {
	Jobs []*Job

	// NextCursor is where a list goes on after this page, for [WithCursor], also in another process;
	// empty on the last page.
	NextCursor string

	raw []byte
}

// Raw gives the service's answer, byte for byte. It is not to be changed.
func (p *Page) Raw() json.RawMessage { return p.raw }

// Jobs walks the jobs of the account, newest first where the service says nothing else. Pages are
// asked for as the loop goes on, the next ones while the loop works ([WithPrefetch]). An error comes
// as the last pair, with a nil job. Each range over it begins anew. [WithTimeout] bounds the wait for
// each page, the context the whole.
//
// The jobs of a page share memory: keeping one of them keeps its page.
func (c *Client) Jobs(ctx context.Context, options ...Option) iter.Seq2[*Job, error] {
	return func(yield func(*Job, error) bool) {
		for page, err := range c.pages(ctx, options, false) {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, job := range page.Jobs {
				if !yield(job, nil) {
					return
				}
			}
		}
	}
}

// Pages walks the same list page by page. A page has at least one job.
func (c *Client) Pages(ctx context.Context, options ...Option) iter.Seq2[*Page, error] {
	return c.pages(ctx, options, true)
}

func (c *Client) pages(ctx context.Context, options []Option, withRaw bool) iter.Seq2[*Page, error] {
	return func(yield func(*Page, error) bool) {
		call, pages, err := c.openPages(ctx, options)
		if err != nil {
			yield(nil, err)
			return
		}
		defer call.end()
		defer C.bj_pages_destroy(pages)
		for {
			page, err := c.nextPage(call, pages, withRaw)
			if page == nil && err == nil || !yield(page, err) || err != nil {
				return
			}
		}
	}
}

func (c *Client) openPages(ctx context.Context, options []Option) (*call, *C.bj_pages, error) {
	r, err := c.request(ctx, nil, options, wants{limits: []string{"timeout_ms"}, iterator: true})
	if err != nil {
		return nil, nil, err
	}
	defer r.end()
	var pages *C.bj_pages
	var e *C.bj_error
	if err := r.check(C.bj_pages_open(&pages, r.pointer, r.options, r.cancel, &e), &e); err != nil {
		return nil, nil, err
	}
	return r.detach(), pages, nil
}

// nextPage copies the next page; nil at the end.
func (c *Client) nextPage(call *call, pages *C.bj_pages, withRaw bool) (*Page, error) {
	var page *C.bj_page
	var columns *C.bj_columns
	var e *C.bj_error
	status := C.bjgo_pages_next(call.id(), &page, pages, &e)
	if err := call.check(status, &e); err != nil || status == C.BJ_END {
		return nil, err
	}
	if err := call.check(C.bj_page_columns(&columns, page, &e), &e); err != nil {
		return nil, err
	}
	defer C.bj_columns_destroy(columns)
	copied := &Page{Jobs: c.jobs(columns), NextCursor: C.GoString(C.bj_page_next_cursor(page))}
	if withRaw {
		var length C.size_t
		data := C.bj_page_raw_json(page, &length)
		copied.raw = bytesOf(data, length)
	}
	return copied, nil
}

// A column is the texts of one kind: all in one, and where each begins.
type column struct {
	offsets []C.int64_t
	all     string
	bytes   []byte
}

func (t *column) text(i int) string { return t.all[t.offsets[i]:t.offsets[i+1]] }

// jobs copies a page's jobs: one copy for each kind of text, one allocation for all jobs.
func (c *Client) jobs(from *C.bj_columns) []*Job {
	var columns C.bjgo_columns
	C.bjgo_read_columns(from, &columns)
	count := int(columns.count)
	var texts [C.BJGO_TEXTS]column
	for which := range texts {
		texts[which].offsets = unsafe.Slice(columns.offsets[which], count+1)
		length := texts[which].offsets[count]
		if which == C.BJ_TEXT_RAW_JSON {
			texts[which].bytes = bytesOf(columns.texts[which], C.size_t(length))
		} else {
			texts[which].all = string(unsafe.Slice((*byte)(unsafe.Pointer(columns.texts[which])), length))
		}
	}
	value := func(column *C.int64_t, i int) C.int64_t { return unsafe.Slice(column, count)[i] }
	phases, outcomes := unsafe.Slice(columns.phases, count), unsafe.Slice(columns.outcomes, count)
	raw := &texts[C.BJ_TEXT_RAW_JSON]
	jobs, pointers := make([]Job, count), make([]*Job, count)
	for i := range jobs {
		begin, end := raw.offsets[i], raw.offsets[i+1]
		jobs[i] = Job{
			ID: texts[C.BJ_TEXT_ID].text(i), Provider: c.provider, Kind: texts[C.BJ_TEXT_KIND].text(i),
			StatusWord: texts[C.BJ_TEXT_STATUS_WORD].text(i), ErrorText: texts[C.BJ_TEXT_ERROR].text(i),
			Phase: Phase(phases[i]), Outcome: Outcome(outcomes[i]),
			Counts:   countsOf(func(which C.int) C.int64_t { return value(columns.counts[which], i) }),
			Created:  timeOf(value(columns.times[C.BJ_TIME_CREATED], i)),
			Started:  timeOf(value(columns.times[C.BJ_TIME_STARTED], i)),
			Finished: timeOf(value(columns.times[C.BJ_TIME_FINISHED], i)),
			Updated:  timeOf(value(columns.times[C.BJ_TIME_UPDATED], i)),
			raw:      raw.bytes[begin:end:end], client: c,
		}
		pointers[i] = &jobs[i]
	}
	return pointers
}

package batchjobs

// #include "bridge.h"
import "C"

import (
	"encoding/json"
	"fmt"
	"slices"
	"unsafe"
)

// A Record is one record of a job's results. What that is differs: a line of a result file
// (crustdata), a scraped page (spidra), a record that failed or waits (reach), a file (veryfront).
type Record struct {
	// Key is the name by which you know the record: what you submitted, where the service repeats it
	// outside or beside the record; empty where it does not.
	Key     string
	Outcome RecordOutcome
	Index   int64 // the place in the stream, from 0

	data   []byte
	stream *stream
}

// Bytes gives the record as the service sent it, without a line end. It is not to be changed, and
// is good as long as it is referred to, unless [WithReuse] was given. Records that came together share
// memory: who keeps a few of many records for long copies their bytes.
func (r Record) Bytes() []byte { return r.data }

// Decode reads the record's JSON into value, as [json.Unmarshal] does.
func (r Record) Decode(value any) error {
	if err := json.Unmarshal(r.data, value); err != nil {
		return fmt.Errorf("batchjobs: record %d: %w", r.Index, err)
	}
	return nil
}

// Token gives the place behind this record as a text for [WithResume], as [Results.Token] does. It
// is good for the record that was given last, and those that came with it, while the stream is open:
// within the loop.
func (r Record) Token() (string, error) {
	if err := r.stream.enter(); err != nil {
		return "", err
	}
	defer r.stream.leave()
	return r.stream.token(r.Index)
}

// A batch is records that came together, copied.
type batch struct {
	data       []byte
	offsets    []int64
	outcomes   []RecordOutcome
	keys       string
	keyOffsets []int64 // empty where records have no keys
	first      int64
	reuse      bool // the bytes of one batch take the place of those before
}

func (b *batch) count() int { return len(b.outcomes) }

// clear lets the records go; they may still be in use, but what says where they begin is not.
func (b *batch) clear() {
	if !b.reuse {
		b.data = nil
	}
	b.data, b.keys = b.data[:0], ""
	b.offsets, b.outcomes, b.keyOffsets = b.offsets[:0], b.outcomes[:0], b.keyOffsets[:0]
}

// copy takes a batch over from the library, all its bytes at once.
func (b *batch) copy(from *C.bjgo_batch) {
	count := int(from.count)
	b.data = append(b.data, unsafe.Slice((*byte)(unsafe.Pointer(from.data)), from.length)...)
	b.offsets = appendFrom(b.offsets, from.offsets, count+1)
	b.outcomes = slices.Grow(b.outcomes, count)
	for _, outcome := range unsafe.Slice(from.outcomes, count) {
		b.outcomes = append(b.outcomes, RecordOutcome(outcome))
	}
	if from.keys != nil {
		b.keys = string(unsafe.Slice((*byte)(unsafe.Pointer(from.keys)), from.keys_length))
		b.keyOffsets = appendFrom(b.keyOffsets, from.key_offsets, count+1)
	}
	b.first = int64(from.first)
}

func appendFrom(to []int64, from *C.int64_t, count int) []int64 {
	return append(to, unsafe.Slice((*int64)(unsafe.Pointer(from)), count)...)
}

func (b *batch) record(s *stream, i int) Record {
	begin, end := b.offsets[i], b.offsets[i+1]
	record := Record{Outcome: b.outcomes[i], Index: b.first + int64(i), data: b.data[begin:end:end], stream: s}
	if len(b.keyOffsets) > 0 {
		record.Key = b.keys[b.keyOffsets[i]:b.keyOffsets[i+1]]
	}
	return record
}

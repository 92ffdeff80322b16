// List, read, stream and cancel with nothing but cgo: the header is all there is to know.
//
//	go run . SERVICE JOB_ID api_key=... [NAME=VALUE ...]
package main

// #cgo pkg-config: batchjobs
// #include <batchjobs.h>
// #include <stdlib.h>
import "C"

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
	"unsafe"
)

// check turns the status and the error of a call into a Go error. The error comes by its place: Go
// may read a variable before the call beside it sets it.
func check(status C.bj_status, e **C.bj_error) error {
	if status >= 0 {
		return nil
	}
	defer C.bj_error_destroy(*e)
	return errors.New(C.GoString(C.bj_status_name(status)) + ": " + C.GoString(C.bj_error_message(*e)))
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func text(s string) *C.char { return C.CString(s) } // freed with the program

func main() {
	var e *C.bj_error
	var options *C.bj_options
	must(check(C.bj_options_new(&options, &e), &e))
	for _, setting := range os.Args[3:] {
		name, value, _ := strings.Cut(setting, "=")
		must(check(C.bj_options_set(options, text(name), text(value), &e), &e))
	}
	var cancel *C.bj_cancel
	must(check(C.bj_cancel_new(&cancel, &e), &e))
	var client *C.bj_client
	must(check(C.bj_client_new(&client, text(os.Args[1]), options, &e), &e))
	id := text(os.Args[2])

	var pages *C.bj_pages
	var page *C.bj_page
	jobs := 0
	must(check(C.bj_pages_open(&pages, client, nil, cancel, &e), &e))
	status := C.bj_pages_next(&page, pages, &e)
	for ; status == C.BJ_OK; status = C.bj_pages_next(&page, pages, &e) {
		jobs += int(C.bj_page_count(page))
	}
	must(check(status, &e))
	fmt.Println("listed", jobs, "jobs")

	var job *C.bj_job
	must(check(C.bj_client_get(&job, client, id, nil, cancel, &e), &e))
	fmt.Println(C.GoString(C.bj_job_id(job)), "is", C.GoString(C.bj_phase_name(C.bj_job_phase(job))))

	var results *C.bj_results
	var record *C.bj_record
	var size C.size_t
	total := 0
	must(check(C.bj_results_open(&results, client, id, nil, cancel, &e), &e))
	status = C.bj_results_next(&record, results, &e)
	for ; status == C.BJ_OK; status = C.bj_results_next(&record, results, &e) {
		data := C.bj_record_data(record, &size)
		total += len(C.GoBytes(unsafe.Pointer(data), C.int(size)))
	}
	must(check(status, &e))
	fmt.Println("streamed", total, "bytes of records")

	time.AfterFunc(50*time.Millisecond, func() { C.bj_cancel_fire(cancel) })
	for {
		C.bj_job_destroy(job)
		if err := check(C.bj_client_get(&job, client, id, nil, cancel, &e), &e); err != nil {
			fmt.Println(err)
			break
		}
	}
	C.bj_results_destroy(results)
	C.bj_pages_destroy(pages)
	C.bj_client_destroy(client)
	C.bj_cancel_destroy(cancel)
	C.bj_options_destroy(options)
}

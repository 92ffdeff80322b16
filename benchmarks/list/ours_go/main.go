// The Go package over libbatchjobs: every job, every field that it has.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	batchjobs "github.com/libbatchjobs/libbatchjobs/bindings/go"
)

// The same sum as the peers make; what the service does not give adds nothing.
func sum(job *batchjobs.Job) int64 {
	id, err := strconv.ParseInt(job.ID[:8], 16, 64)
	if err != nil {
		log.Fatal(err)
	}
	sum := id + int64(job.Phase) + int64(job.Outcome) + int64(len(job.StatusWord)+len(job.Kind)+len(job.ErrorText))
	for _, count := range []int64{job.Counts.Total, job.Counts.Processed, job.Counts.Succeeded, job.Counts.Failed,
		job.Counts.Cancelled, job.Counts.Queued, job.Counts.Running, job.Counts.Pending, job.Counts.Results} {
		sum += max(0, count)
	}
	for _, moment := range []time.Time{job.Created, job.Started, job.Finished, job.Updated} {
		if !moment.IsZero() {
			sum += moment.UnixMilli()
		}
	}
	return sum
}

func main() {
	client, err := batchjobs.New("crustdata", batchjobs.WithAPIKey("key"), batchjobs.WithBaseURL(os.Args[1]))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	var jobs, checksum int64
	for job, err := range client.Jobs(context.Background()) {
		if err != nil {
			log.Fatal(err)
		}
		checksum += sum(job)
		jobs++
	}
	fmt.Println(jobs, checksum)
}

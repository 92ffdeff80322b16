package batchjobs_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	batchjobs "github.com/libbatchjobs/libbatchjobs/bindings/go"
)

// jobID is that of a finished job of the simulated account.
func jobID() string { return sim.Sample("crustdata", "succeeded") }

func ExampleNew() {
	client, err := batchjobs.New("crustdata",
		batchjobs.WithAPIKey(os.Getenv("CRUSTDATA_API_KEY")),
		batchjobs.WithBaseURL(os.Getenv("CRUSTDATA_URL")), // only for another address than the service's
		batchjobs.WithTimeout(30*time.Second))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	fmt.Println(client.Provider(), client.Supports(batchjobs.CanList))
	// Output: crustdata true
}

func connect(options ...batchjobs.Option) *batchjobs.Client {
	options = append(options, batchjobs.WithAPIKey(os.Getenv("CRUSTDATA_API_KEY")),
		batchjobs.WithBaseURL(os.Getenv("CRUSTDATA_URL")), batchjobs.WithPrefetch(0))
	client, err := batchjobs.New("crustdata", options...)
	if err != nil {
		log.Fatal(err)
	}
	return client
}

func ExampleClient_Jobs() {
	client := connect()
	defer client.Close()
	count := 0
	for job, err := range client.Jobs(context.Background(), batchjobs.WithStatus("done"), batchjobs.WithMaxItems(3)) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(job.Phase, job.Outcome, job.StatusWord)
		count++
	}
	fmt.Println(count, "jobs")
	// Output:
	// done succeeded completed
	// done succeeded completed
	// done failed failed
	// 3 jobs
}

// A page's cursor takes the list up again, in another process too.
func ExampleClient_Pages() {
	client := connect()
	defer client.Close()
	cursor := ""
	for page, err := range client.Pages(context.Background()) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(len(page.Jobs), "jobs")
		cursor = page.NextCursor
		break
	}
	count := 0
	for _, err := range client.Jobs(context.Background(), batchjobs.WithCursor(cursor)) {
		if err != nil {
			log.Fatal(err)
		}
		count++
	}
	fmt.Println(count, "more")
	// Output:
	// 100 jobs
	// 130 more
}

func ExampleClient_Job() {
	client := connect()
	defer client.Close()
	_, err := client.Job(context.Background(), "no-such-job")
	var failure *batchjobs.Error
	switch {
	case errors.Is(err, batchjobs.ErrNotFound) && errors.As(err, &failure):
		fmt.Println("no job", failure.JobID, "- HTTP", failure.HTTPStatus)
	case err != nil:
		log.Fatal(err)
	}
	// Output: no job no-such-job - HTTP 404
}

func ExampleClient_Wait() {
	client := connect()
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	job, err := client.Wait(ctx, jobID(), batchjobs.WithUpdates(func(job *batchjobs.Job) {
		fmt.Println(job.Phase, job.Counts.Results, "records")
	}))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(job.Outcome)
	// Output:
	// done 5 records
	// succeeded
}

func ExampleClient_WaitMany() {
	client := connect()
	defer client.Close()
	ids := []string{jobID(), "no-such-job"}
	for event, err := range client.WaitMany(context.Background(), ids) {
		switch {
		case err != nil:
			log.Fatal(err)
		case errors.Is(event.Err, batchjobs.ErrNotFound):
			fmt.Println("there is no", event.ID)
		case event.Final:
			fmt.Println("job", event.Index, event.Job.Outcome)
		}
	}
	// Unordered output:
	// job 0 succeeded
	// there is no no-such-job
}

func ExampleClient_Results() {
	client := connect()
	defer client.Close()
	count := 0
	for record, err := range client.Results(context.Background(), jobID()) {
		if err != nil {
			log.Fatal(err) // all records before it are good
		}
		var person struct {
			Identifier string `json:"original_identifier"`
		}
		if err := record.Decode(&person); err != nil {
			log.Fatal(err)
		}
		count++
	}
	fmt.Println(count, "records")
	// Output: 5 records
}

// A token takes results up where they were left, in another process and language.
func ExampleResults_Token() {
	client := connect()
	defer client.Close()
	results, err := client.OpenResults(context.Background(), jobID())
	if err != nil {
		log.Fatal(err)
	}
	for range 3 {
		if _, err := results.Next(); err != nil {
			log.Fatal(err)
		}
	}
	token, err := results.Token()
	if err != nil {
		log.Fatal(err)
	}
	results.Close()

	rest, err := client.OpenResults(context.Background(), jobID(), batchjobs.WithResume(token))
	if err != nil {
		log.Fatal(err)
	}
	defer rest.Close()
	for {
		record, err := rest.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		if record.Index == 3 {
			fmt.Println("goes on behind the third")
		}
	}
	fmt.Println(rest.Progress().Records, "records,", rest.Verdict())
	// Output:
	// goes on behind the third
	// 5 records, verified
}

func ExampleClient_Save() {
	folder, err := os.MkdirTemp("", "results")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	client := connect()
	defer client.Close()
	var last batchjobs.Progress
	err = client.Save(context.Background(), jobID(), filepath.Join(folder, "records.jsonl"),
		batchjobs.WithProgress(func(progress batchjobs.Progress) { last = progress }))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(last.Records, "records saved")
	// Output: 5 records saved
}

func ExampleWithLogger() {
	handler := slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelDebug})
	client := connect(batchjobs.WithLogger(slog.New(handler)))
	defer client.Close()
	job, err := client.Job(context.Background(), jobID())
	fmt.Println(job.Outcome, err)
	// Output: succeeded <nil>
}

func ExampleWithTokenProvider() {
	client, err := batchjobs.New("crustdata",
		batchjobs.WithAPIKey("one that has expired"),
		batchjobs.WithBaseURL(os.Getenv("CRUSTDATA_URL")),
		batchjobs.WithTokenProvider(func(context.Context) (string, error) {
			return os.Getenv("CRUSTDATA_API_KEY"), nil // or from where the program gets its tokens
		}))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	job, err := client.Job(context.Background(), jobID())
	fmt.Println(job.Outcome, err)
	// Output: succeeded <nil>
}

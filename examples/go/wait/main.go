// Waits for jobs until they are done.
//
//	BATCHJOBS_API_KEY=... wait crustdata ID [ID]... [NAME=VALUE]...
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"

	batchjobs "github.com/libbatchjobs/libbatchjobs/bindings/go"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 3 {
		log.Fatal("usage: wait SERVICE ID... [NAME=VALUE]...")
	}
	var ids []string
	options := []batchjobs.Option{batchjobs.WithAPIKey(os.Getenv("BATCHJOBS_API_KEY"))}
	for _, argument := range os.Args[2:] {
		if name, value, ok := strings.Cut(argument, "="); ok {
			options = append(options, batchjobs.WithOption(name, value))
		} else {
			ids = append(ids, argument)
		}
	}
	client, err := batchjobs.New(os.Args[1], options...)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	failed := 0
	for event, err := range client.WaitMany(ctx, ids) {
		switch {
		case err != nil: // of the whole wait
			log.Fatal(err)
		case event.Err != nil: // of one job; the others go on
			log.Println(event.ID, event.Err)
			failed++
		case event.Final:
			fmt.Printf("%s is done: %v\n", event.ID, event.Job.Outcome)
		default:
			fmt.Printf("%s is %v, %d of %d\n", event.ID, event.Job.Phase, event.Job.Counts.Processed, event.Job.Counts.Total)
		}
	}
	if failed > 0 {
		os.Exit(1)
	}
}

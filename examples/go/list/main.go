// Lists the jobs of an account.
//
//	BATCHJOBS_API_KEY=... list crustdata status=failed max_items=20
//
// After the service's name come options of the library, as NAME=VALUE.
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
	if len(os.Args) < 2 {
		log.Fatal("usage: list SERVICE [NAME=VALUE]...")
	}
	options := []batchjobs.Option{batchjobs.WithAPIKey(os.Getenv("BATCHJOBS_API_KEY"))}
	for _, setting := range os.Args[2:] {
		name, value, _ := strings.Cut(setting, "=")
		options = append(options, batchjobs.WithOption(name, value))
	}
	client, err := batchjobs.New(os.Args[1], options...)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	// Ctrl-C ends the call that is under way.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	count := 0
	for job, err := range client.Jobs(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s  %-7v  %v\n", job.ID, job.Phase, job.Outcome)
		count++
	}
	fmt.Println(count, "jobs")
}

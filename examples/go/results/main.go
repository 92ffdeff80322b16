// Writes the records of one job to standard output, one a line.
//
//	BATCHJOBS_API_KEY=... results crustdata ID [NAME=VALUE]...
package main

import (
	"bufio"
	"context"
	"log"
	"os"
	"os/signal"
	"strings"

	batchjobs "github.com/libbatchjobs/libbatchjobs/bindings/go"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 3 {
		log.Fatal("usage: results SERVICE ID [NAME=VALUE]...")
	}
	options := []batchjobs.Option{batchjobs.WithAPIKey(os.Getenv("BATCHJOBS_API_KEY"))}
	for _, setting := range os.Args[3:] {
		name, value, _ := strings.Cut(setting, "=")
		options = append(options, batchjobs.WithOption(name, value))
	}
	client, err := batchjobs.New(os.Args[1], options...)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	output := bufio.NewWriter(os.Stdout)
	count, failed := 0, 0
	for record, err := range client.Results(ctx, os.Args[2]) {
		if err != nil {
			output.Flush() // the records before it are good
			log.Fatal(err)
		}
		output.Write(record.Bytes())
		output.WriteByte('\n')
		count++
		if record.Outcome == batchjobs.RecordFailed {
			failed++
		}
	}
	if err := output.Flush(); err != nil {
		log.Fatal(err)
	}
	log.Println(count, "records,", failed, "of them failed")
}

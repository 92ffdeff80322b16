// What a Go program does without us: pages or gzipped files one after the other, with net/http. The
// environment says which certificates and which version of HTTP (SSL_CERT_FILE, GODEBUG).
package main

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
)

type page struct {
	Jobs []struct {
		BatchID string `json:"batch_id"`
		UUID    string `json:"uuid"`
	} `json:"jobs"`
	NextCursor string `json:"next_cursor"`
	HasMore    bool   `json:"has_more"`
	Pagination struct {
		Page       int `json:"page"`
		TotalPages int `json:"totalPages"`
	} `json:"pagination"`
}

func get(url, header, value string, read func(io.Reader) error) {
	request, err := http.NewRequest("GET", url, nil)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set(header, value)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		log.Fatal(response.Status)
	}
	if err := read(response.Body); err != nil {
		log.Fatal(err)
	}
}

// The jobs, and the sum of what their ids begin with.
func list(service, base string) (jobs, sum int64) {
	header, value, url := "Authorization", "Bearer key", base+"/batch?limit=100"
	if service == "spidra" {
		header, value, url = "X-Api-Key", "key", base+"/batch/scrape?page=1&limit=50"
	}
	for url != "" {
		var p page
		get(url, header, value, func(body io.Reader) error { return json.NewDecoder(body).Decode(&p) })
		for _, job := range p.Jobs {
			begin, err := strconv.ParseInt((job.BatchID + job.UUID)[:8], 16, 64)
			if err != nil {
				log.Fatal(err)
			}
			sum += begin
		}
		jobs += int64(len(p.Jobs))
		url = ""
		if p.HasMore {
			url = base + "/batch?limit=100&cursor=" + p.NextCursor
		} else if p.Pagination.Page < p.Pagination.TotalPages {
			url = base + "/batch/scrape?page=" + strconv.Itoa(p.Pagination.Page+1) + "&limit=50"
		}
	}
	return jobs, sum
}

// The records and their bytes.
func lines(links []string) (records, size int64) {
	for _, link := range links {
		get(link, "Accept", "*/*", func(body io.Reader) error {
			unpacked, err := gzip.NewReader(body)
			if err != nil {
				return err
			}
			scanner := bufio.NewScanner(unpacked)
			scanner.Buffer(make([]byte, 0, 64<<10), 64<<20)
			for scanner.Scan() {
				records++
				size += int64(len(scanner.Bytes()))
			}
			return scanner.Err()
		})
	}
	return records, size
}

func main() { // SERVICE BASE_URL, or parts LINK...
	if os.Args[1] == "parts" {
		fmt.Println(lines(os.Args[2:]))
	} else {
		fmt.Println(list(os.Args[1], os.Args[2]))
	}
}

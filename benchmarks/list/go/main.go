// What a Go program does without us: net/http and encoding/json into typed structs.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"
)

type job struct {
	BatchID           string     `json:"batch_id"`
	Status            string     `json:"status"`
	Action            string     `json:"action"`
	EntitiesRequested int64      `json:"entities_requested"`
	EntitiesFulfilled int64      `json:"entities_fulfilled"`
	ResultCount       int64      `json:"result_count"`
	CreatedAt         *time.Time `json:"created_at"`
	CompletedAt       *time.Time `json:"completed_at"`
	ErrorMessage      *string    `json:"error_message"`
}

type page struct {
	Jobs       []job   `json:"jobs"`
	NextCursor *string `json:"next_cursor"`
	HasMore    bool    `json:"has_more"`
}

// The phase and the outcome of a status word, as libbatchjobs numbers them.
var standings = map[string]int64{"pending": 1, "processing": 2, "completed": 3 + 1, "failed": 3 + 3}

func (j *job) sum() int64 {
	id, err := strconv.ParseInt(j.BatchID[:8], 16, 64)
	if err != nil {
		log.Fatal(err)
	}
	sum := id + standings[j.Status] + int64(len(j.Status)+len(j.Action))
	sum += j.EntitiesRequested + j.EntitiesFulfilled + j.ResultCount
	if j.ErrorMessage != nil {
		sum += int64(len(*j.ErrorMessage))
	}
	for _, moment := range []*time.Time{j.CreatedAt, j.CompletedAt} {
		if moment != nil {
			sum += moment.UnixMilli()
		}
	}
	return sum
}

func fetch(client *http.Client, base string, cursor *string) (*page, error) {
	query := url.Values{"limit": {"100"}}
	if cursor != nil {
		query.Set("cursor", *cursor)
	}
	request, err := http.NewRequest("GET", base+"/batch?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer key")
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s", response.Status)
	}
	var result page
	err = json.NewDecoder(response.Body).Decode(&result)
	return &result, err
}

func main() {
	client := &http.Client{}
	var jobs, checksum int64
	var cursor *string
	for {
		page, err := fetch(client, os.Args[1], cursor)
		if err != nil {
			log.Fatal(err)
		}
		for i := range page.Jobs {
			checksum += page.Jobs[i].sum()
		}
		jobs += int64(len(page.Jobs))
		if !page.HasMore {
			break
		}
		cursor = page.NextCursor
	}
	fmt.Println(jobs, checksum)
}

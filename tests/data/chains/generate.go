// The table of an application that hashes in Go, as its code describes it: `go run generate.go > go.sql` (Go 1.19).
// The comment of the table lists what its hash covers.
package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

type event struct {
	EventID           string         `json:"event_id"`
	EventTimestamp    time.Time      `json:"event_timestamp"`
	EventDate         string         `json:"event_date"`
	EventType         string         `json:"event_type"`
	Version           string         `json:"version"`
	EventCategory     string         `json:"event_category"`
	EventAction       string         `json:"event_action"`
	EventOutcome      string         `json:"event_outcome"`
	CorrelationID     string         `json:"correlation_id"`
	ParentEventID     *string        `json:"parent_event_id"`
	ResourceType      *string        `json:"resource_type,omitempty"`
	DurationMs        *int           `json:"duration_ms,omitempty"`
	ActorID           *string        `json:"actor_id,omitempty"`
	RetentionDays     int            `json:"retention_days"`
	IsSensitive       bool           `json:"is_sensitive"`
	EventHash         string         `json:"event_hash"`
	PreviousEventHash string         `json:"previous_event_hash"`
	LegalHold         bool           `json:"legal_hold"`
	LegalHoldPlacedAt *time.Time     `json:"legal_hold_placed_at"`
	EventData         map[string]any `json:"event_data"`
}

func quote(text *string) string {
	if text == nil {
		return "NULL"
	}
	return "E'" + strings.NewReplacer(`\`, `\\`, `'`, `''`, "\n", `\n`).Replace(*text) + "'"
}

func main() {
	odd := []string{"plain", "O'Neil \"x\" \\ y", "é<>&\u2028😀", "a|b", "tab\tnew\nline", "mark"}
	fmt.Println("create table kubernaut (event_id uuid primary key, event_timestamp timestamptz, event_date date, " +
		"event_type varchar, event_version varchar, event_category varchar, event_action varchar, event_outcome varchar, " +
		"correlation_id varchar, parent_event_id uuid, resource_type varchar, duration_ms integer, actor_id varchar, " +
		"retention_days integer, is_sensitive boolean, event_hash text, previous_event_hash text, legal_hold boolean, " +
		"event_data jsonb, hash_algorithm text);")
	fmt.Println("comment on table kubernaut is 'event_id event_timestamp event_date event_type event_version event_category " +
		"event_action event_outcome correlation_id parent_event_id resource_type duration_ms actor_id retention_days is_sensitive " +
		"event_data previous_event_hash event_hash';")
	for _, correlation := range []string{"c1", "c2"} {
		previous := ""
		for n, word := range odd {
			micros := []int{0, 678901, 678000, 100000, 1, 999999}[n]
			e := event{
				EventID:        fmt.Sprintf("550e8400-e29b-41d4-a716-44665544%s%02d", correlation[1:]+"0", n),
				EventTimestamp: time.Date(2026, 1, 2, 3, n, 5, micros*1000, time.UTC),
				EventDate:      "2026-01-02", EventType: word, Version: "1.0", EventCategory: "gateway",
				EventAction: "received", EventOutcome: "success", CorrelationID: correlation,
				RetentionDays: 2555, IsSensitive: n%2 == 1,
				EventData: map[string]any{"zeta": 1.5, "a": map[string]any{"y": word, "b": []any{1e21, 1e-7, nil}}, "mark": "mark"},
			}
			if n%2 == 1 {
				parent, duration := e.EventID, n*10
				e.ParentEventID, e.ResourceType, e.DurationMs, e.ActorID = &parent, &odd[5-n], &duration, &odd[n]
			}
			text, err := json.Marshal(e)
			if err != nil {
				panic(err)
			}
			hash := fmt.Sprintf("%x", sha256.Sum256([]byte(previous+string(text))))
			data, err := json.Marshal(e.EventData)
			if err != nil {
				panic(err)
			}
			duration := "NULL"
			if e.DurationMs != nil {
				duration = fmt.Sprint(*e.DurationMs)
			}
			stored := string(data)
			fmt.Printf("insert into kubernaut values (%s, '%s', '%s', %s, '%s', '%s', '%s', '%s', '%s', %s, %s, %s, %s, %d, %t, '%s', '%s', true, %s, 'sha256');\n",
				quote(&e.EventID), e.EventTimestamp.Format(time.RFC3339Nano), e.EventDate, quote(&e.EventType), e.Version,
				e.EventCategory, e.EventAction, e.EventOutcome, e.CorrelationID, quote(e.ParentEventID), quote(e.ResourceType),
				duration, quote(e.ActorID), e.RetentionDays, e.IsSensitive, hash, previous, quote(&stored))
			previous = hash
		}
	}
}

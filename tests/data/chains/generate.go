// Tables of applications that hash in Go, as their code describes it: `go run generate.go > go.sql` (Go 1.19).
// The comment of each table lists what its hash covers. ROWS=200 makes so many rows of each, most of them ordinary.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
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

// So many rows of one of so many chains in a table.
func rows(few, chains int) int {
	if all, err := strconv.Atoi(os.Getenv("ROWS")); err == nil {
		return (all + chains - 1) / chains
	}
	return few
}

// Of a written list its entry; after it, what most clocks give.
func fraction(list []int, n int, step int) int {
	if n < len(list) {
		return list[n]
	}
	if n%8 == 0 { // A clock of microseconds, as some systems have.
		return n * 337171 % 1000000 * 1000
	}
	return n * 337171 * step % 1000000000
}

func quote(text *string) string {
	if text == nil {
		return "NULL"
	}
	return "E'" + strings.NewReplacer(`\`, `\\`, `'`, `''`, "\n", `\n`).Replace(*text) + "'"
}

func main() {
	odd := []string{"plain", "O'Neil \"x\" \\ y", "é<>&\u2028😀", "a|b", "tab\tnew\nline", "mark"}
	words := []string{"login", "logout", "doc.read", "doc.update", "grant", "export", "revoke", "retry"}
	for n := len(odd); n < rows(6, 1); n++ { // What most rows have; one in twenty is odd again.
		word := words[n%8] + strings.Repeat(fmt.Sprint(" ", n), n%3/2)
		if n%20 == 0 {
			word = odd[n/20%6]
		}
		odd = append(odd, word)
	}
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
		for n := 0; n < rows(6, 2); n++ {
			word := odd[n]
			micros := fraction([]int{0, 678901, 678000, 100000, 1, 999999}, n, 1) % 1000000
			e := event{
				EventID:        fmt.Sprintf("550e8400-e29b-41d4-a716-44665544%s%03d", correlation[1:], n),
				EventTimestamp: time.Date(2026, 1, 2, 3, n, 5, micros*1000, time.UTC),
				EventDate:      "2026-01-02", EventType: word, Version: "1.0", EventCategory: "gateway",
				EventAction: "received", EventOutcome: "success", CorrelationID: correlation,
				RetentionDays: 2555, IsSensitive: n%2 == 1,
				EventData: map[string]any{"zeta": 1.5, "a": map[string]any{"y": word, "b": []any{1e21, 1e-7, nil}}, "mark": "mark"},
			}
			if n%2 == 1 {
				parent, duration := e.EventID, n*10
				e.ParentEventID, e.ResourceType, e.DurationMs, e.ActorID = &parent, &odd[rows(6, 2)-1-n], &duration, &odd[n]
			}
			text, err := json.Marshal(e)
			if err != nil {
				panic(err)
			}
			algorithm, digest := "sha256", sha256.New()
			if n > 3 {
				algorithm, digest = "hmac-sha256", hmac.New(sha256.New, []byte("key of kubernaut"))
			}
			digest.Write([]byte(previous + string(text)))
			hash := fmt.Sprintf("%x", digest.Sum(nil))
			data, err := json.Marshal(e.EventData)
			if err != nil {
				panic(err)
			}
			duration := "NULL"
			if e.DurationMs != nil {
				duration = fmt.Sprint(*e.DurationMs)
			}
			stored := string(data)
			fmt.Printf("insert into kubernaut values (%s, '%s', '%s', %s, '%s', '%s', '%s', '%s', '%s', %s, %s, %s, %s, %d, %t, '%s', '%s', true, %s, '%s');\n",
				quote(&e.EventID), e.EventTimestamp.Format(time.RFC3339Nano), e.EventDate, quote(&e.EventType), e.Version,
				e.EventCategory, e.EventAction, e.EventOutcome, e.CorrelationID, quote(e.ParentEventID), quote(e.ResourceType),
				duration, quote(e.ActorID), e.RetentionDays, e.IsSensitive, hash, previous, quote(&stored), algorithm)
			previous = hash
		}
	}
	mcpany(odd)
	nkudo(odd)
	historian(odd)
}

// Local time with its nanoseconds, in an array; before that, joined and without mark.
func mcpany(odd []string) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		panic(err)
	}
	fmt.Println("create table mcpany (id bigint primary key, timestamp timestamptz, tool_name text, user_id text, profile_id text, " +
		"arguments text, result text, error text, duration_ms bigint, prev_hash text, hash text);")
	fmt.Println("comment on table mcpany is 'timestamp tool_name user_id profile_id arguments result error duration_ms prev_hash hash';")
	previous := ""
	for n := 0; n < rows(8, 1); n++ {
		word := odd[n%len(odd)]
		nanos := fraction([]int{0, 678901234, 678000999, 100000000, 1000, 999999001, 5, 12345600}, n, 7)
		// Before and after the clocks were changed.
		at := time.Date(2026, 3, 5+n, 3, n, 5, nanos, time.UTC).In(zone)
		arguments, result, duration := `{"b":1, "a":"`+fmt.Sprint(n)+`"}`, word, int64(n*7)
		var hash string
		if n < 2 {
			text := strings.Join([]string{at.Format(time.RFC3339Nano), word, "u", "p", arguments, result, "", fmt.Sprint(duration), previous}, "|")
			hash = fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
		} else {
			text, err := json.Marshal([]any{at.Format(time.RFC3339Nano), word, "u", "p", arguments, result, "error", duration, previous})
			if err != nil {
				panic(err)
			}
			hash = fmt.Sprintf("v1:%x", sha256.Sum256(text))
		}
		failure := "error"
		if n < 2 {
			failure = ""
		}
		fmt.Printf("insert into mcpany values (%d, '%s', %s, 'u', 'p', %s, %s, '%s', %d, '%s', '%s');\n", n*2+1,
			at.Truncate(time.Microsecond).Format(time.RFC3339Nano), quote(&word), quote(&arguments), quote(&result), failure, duration, previous, hash)
		previous = hash
	}
}

// What a client sent as JSON, in its order and without white space; stored as jsonb.
var sent = []string{`{"zone":"mark","id":7}`, `{"b":{"z":1,"y":[true,null]},"a":"mark"}`, `{"mark":"mark"}`,
	`{"status":"open"}`, `{"path":"/x","ms":7}`, `{"user":{"name":"Anna","id":7},"ok":true}`}

func which(n int) int {
	if n > 8 && n%20 > 0 {
		return n%3 + 3
	}
	return n % 3
}

// Bytes in JSON are base64, the nanoseconds are lost, and the flag was true when it was hashed, whatever it is now.
func nkudo(odd []string) {
	type entry struct {
		TenantID     string    `json:"tenant_id"`
		SiteID       string    `json:"site_id,omitempty"`
		ActorType    string    `json:"actor_type"`
		Action       string    `json:"action"`
		ResourceType string    `json:"resource_type"`
		ResourceID   string    `json:"resource_id"`
		RequestID    string    `json:"request_id,omitempty"`
		SourceIP     string    `json:"source_ip,omitempty"`
		Metadata     []byte    `json:"metadata_json,omitempty"`
		OccurredAt   time.Time `json:"occurred_at"`
		PrevHash     string    `json:"prev_hash"`
		ChainValid   bool      `json:"chain_valid"`
	}
	fmt.Println("create table nkudo (id bigint primary key, tenant_id uuid, site_id uuid, actor_type text, action text, resource_type text, " +
		"resource_id text, request_id text, source_ip inet, metadata_json jsonb, occurred_at timestamptz, prev_hash text, entry_hash text, chain_valid boolean);")
	fmt.Println("comment on table nkudo is 'tenant_id action resource_type resource_id request_id metadata_json occurred_at prev_hash entry_hash';")
	null := func(text string) *string {
		if text == "" {
			return nil
		}
		return &text
	}
	for tenant := 0; tenant < 2; tenant++ {
		e := entry{TenantID: fmt.Sprintf("550e8400-e29b-41d4-a716-44665544000%d", tenant), ActorType: "user", ResourceType: "vm", ChainValid: true, PrevHash: strings.Repeat("0", 64)}
		for n := 0; n < rows(6, 2); n++ {
			e.Action, e.ResourceID, e.OccurredAt = odd[n], odd[rows(6, 2)-1-n], time.Date(2026, 1, 2, 3, n, 5, fraction([]int{0, 678901234, 678000999, 1000, 999999001, 5}, n, 7), time.UTC)
			e.SiteID, e.RequestID, e.SourceIP, e.Metadata = "", fmt.Sprintf("r%d", n), "10.0.0.1", []byte(sent[which(n)])
			if n == 4 {
				e.SiteID, e.RequestID, e.SourceIP, e.Metadata = e.TenantID, "", "", nil
			}
			text, err := json.Marshal(e)
			if err != nil {
				panic(err)
			}
			hash := fmt.Sprintf("%x", sha256.Sum256(text))
			fmt.Printf("insert into nkudo values (%d, '%s', %s, 'user', %s, 'vm', %s, %s, %s, %s, '%s', '%s', '%s', %t);\n", n*2+tenant, e.TenantID, quote(null(e.SiteID)),
				quote(&e.Action), quote(&e.ResourceID), quote(null(e.RequestID)), quote(null(e.SourceIP)), quote(null(string(e.Metadata))),
				e.OccurredAt.Truncate(time.Microsecond).Format(time.RFC3339Nano), e.PrevHash, hash, n%2 == 0)
			e.PrevHash = hash
		}
	}
}

// The offset that the client sent, and its JSON.
func historian(odd []string) {
	fmt.Println("create table historian (id bigint primary key, timestamp timestamptz, actor text, action text, details jsonb, prev_hash text, hash text);")
	fmt.Println("comment on table historian is 'timestamp actor action details prev_hash hash';")
	previous := strings.Repeat("0", 64)
	for n := 0; n < rows(8, 1); n++ {
		offset := []int{0, 3600, -18000, 19800}[n%4]
		at := time.Date(2026, 1, 2, 3, n, 5, fraction([]int{0, 678901000, 678000000, 1000, 0, 678901000, 678000000, 1000}, n, 1)/1000*1000, time.UTC).In(time.FixedZone("", offset))
		actor, details, stored := fmt.Sprintf("u%d", n), sent[which(n)], &sent[which(n)]
		if n == 3 {
			details, stored = "", nil
		}
		hash := fmt.Sprintf("%x", sha256.Sum256([]byte(previous+at.Format(time.RFC3339Nano)+actor+odd[n%len(odd)]+details)))
		fmt.Printf("insert into historian values (%d, '%s', '%s', %s, %s, '%s', '%s');\n", n, at.Format(time.RFC3339Nano), actor, quote(&odd[n%len(odd)]), quote(stored), previous, hash)
		previous = hash
	}
}

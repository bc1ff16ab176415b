// Further recipes as applications in Go might have them: `go run more.go > more_go.sql` (Go 1.19).
// The comment of each table lists what its hash covers. ROWS=200 makes so many rows of each, most of them ordinary.
package main

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

var odd = []string{"plain", "O'Neil \"x\" \\ y", "é<>&\u2028😀", "a|b", "", "tab\tnew\nline", "mark", "last"}
var words = []string{"login", "logout", "doc.read", "doc.update", "grant", "export", "revoke", "retry"}
var rows = 8

func init() {
	if all, err := strconv.Atoi(os.Getenv("ROWS")); err == nil {
		rows = all
	}
	for n := len(odd); n < rows; n++ { // What most rows have; one in twenty is odd again.
		word := words[n%8] + strings.Repeat(fmt.Sprint(" ", n), n%3/2)
		if n%20 == 0 {
			word = odd[n/20%8]
		}
		odd = append(odd, word)
	}
}

func at(n int) time.Time {
	micros := n * 337171 % 1000000
	if list := []int{0, 678901, 678000, 100000, 0, 1, 999999, 5}; n < len(list) {
		micros = list[n]
	}
	return time.Date(2026, 1, 2, 3, n, n%2*5, micros*1000, time.UTC)
}

func quote(text string) string {
	return "E'" + strings.NewReplacer(`\`, `\\`, `'`, `''`, "\n", `\n`).Replace(text) + "'"
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// The predecessor as a line of JSON before the entry's; bytes are base64 in JSON.
func entries() {
	fmt.Println("create table entries (id bigint primary key, type text, data jsonb, date timestamptz, idempotency_key text, hash bytea, prev bytea);")
	fmt.Println("comment on table entries is 'id type data date idempotency_key hash prev';")
	type entry struct {
		Type           string         `json:"type"`
		Data           map[string]any `json:"data"`
		Date           time.Time      `json:"date"`
		IdempotencyKey string         `json:"idempotencyKey"`
		ID             int            `json:"id"`
		Hash           []byte         `json:"hash"`
	}
	var previous []byte
	for n := 0; n < rows; n++ {
		digest := sha256.New()
		encoder := json.NewEncoder(digest)
		if previous != nil {
			must(0, encoder.Encode(previous))
		}
		e := entry{Type: odd[n], Data: map[string]any{"zeta": 1.5, "a": map[string]any{"y": odd[n], "b": []any{1e21, nil}}, "mark": "mark"}, Date: at(n), ID: n}
		if n%2 == 1 {
			e.IdempotencyKey = fmt.Sprint("key", n)
		}
		must(0, encoder.Encode(e))
		hash := digest.Sum(nil)
		stored := "NULL"
		if previous != nil {
			stored = fmt.Sprintf("'\\x%x'", previous)
		}
		fmt.Printf("insert into entries values (%d, %s, %s, '%s', %s, '\\x%x', %s);\n", n, quote(e.Type), quote(string(must(json.Marshal(e.Data)))),
			e.Date.Format(time.RFC3339Nano), quote(e.IdempotencyKey), hash, stored)
		previous = hash
	}
}

// What %v makes of everything.
func jobs() {
	fmt.Println("create table jobs (id bigint primary key, name text, labels jsonb, owner text, done boolean, started timestamptz, weight double precision, prev text, sum text);")
	fmt.Println("comment on table jobs is 'id name labels owner done started weight prev sum';")
	previous := ""
	for n := 0; n < rows; n++ {
		labels := map[string]string{"z": odd[n], "env": "prod", "mark": "mark"}
		var owner any
		stored := "NULL"
		if n%2 == 1 {
			owner, stored = odd[n], quote(odd[n])
		}
		weight := float64(n) / 8
		if list := []float64{0.1, 100, 2.5, 12345.5, 3, 0.25, 7, 123.125}; n < len(list) {
			weight = list[n]
		}
		text := fmt.Sprintf("%d/%s/%v/%v/%t/%v/%v/%s", n, odd[rows-1-n], labels, owner, n%3 == 0, at(n), weight, previous)
		hash := fmt.Sprintf("%x", sha512.Sum512([]byte(text)))
		fmt.Printf("insert into jobs values (%d, %s, %s, %s, %t, '%s', %v, '%s', '%s');\n", n, quote(odd[rows-1-n]), quote(string(must(json.Marshal(labels)))), stored,
			n%3 == 0, at(n).Format(time.RFC3339Nano), weight, previous, hash)
		previous = hash
	}
}

func main() {
	entries()
	jobs()
}

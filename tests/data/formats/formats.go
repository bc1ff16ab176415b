// How Go spells the inputs: `go run formats.go > go.jsonl` (Go 1.19).
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata"
)

// What `omitempty` leaves out.
type sparse struct {
	Text    string         `json:"text,omitempty"`
	Number  int            `json:"number,omitempty"`
	Share   float64        `json:"share,omitempty"`
	Flag    bool           `json:"flag,omitempty"`
	Map     map[string]any `json:"map,omitempty"`
	List    []any          `json:"list,omitempty"`
	Pointer *string        `json:"pointer,omitempty"`
	Last    string         `json:"last"`
}

func say(line map[string]any) {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(line); err != nil {
		panic(err)
	}
	fmt.Print(out.String())
}

func marshal(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func main() {
	text, err := os.ReadFile("inputs.json")
	if err != nil {
		panic(err)
	}
	var inputs struct {
		Floats []string `json:"floats"`
		Times  []string `json:"times"`
		Old    []string `json:"old"`
		Zones  []string `json:"zones"`
	}
	if err := json.Unmarshal(text, &inputs); err != nil {
		panic(err)
	}
	profile := map[string]any{"go": map[string]bool{"sorted": false, "unescaped": false}}
	for _, cell := range inputs.Floats {
		value, err := strconv.ParseFloat(cell, 64)
		if err != nil {
			panic(err)
		}
		say(map[string]any{"json": profile, "float": cell, "spelt": marshal(value)})
	}
	text1 := "x"
	for _, value := range []sparse{
		{},
		{Text: "a", Number: 1, Share: 0.5, Flag: true, Map: map[string]any{"k": nil}, List: []any{0}, Pointer: &text1, Last: "z"},
		{Text: "", Number: 0, Share: 0, Flag: false, Map: map[string]any{}, List: []any{}, Pointer: new(string), Last: "z"},
	} {
		row := map[string]any{"text": value.Text, "number": value.Number, "share": value.Share, "flag": value.Flag, "map": value.Map, "list": value.List, "pointer": value.Pointer, "last": value.Last}
		say(map[string]any{"omitempty": row, "spelt": marshal(value)})
	}
	for _, at := range append(inputs.Times, inputs.Old...) {
		instant, err := time.Parse("2006-01-02 15:04:05", at)
		if err != nil {
			panic(err)
		}
		for _, zone := range inputs.Zones {
			place, err := time.LoadLocation(zone)
			if err != nil {
				panic(err)
			}
			local := instant.In(place)
			say(map[string]any{"preset": "go", "zone": zone, "at": at, "spelt": local.Format(time.RFC3339Nano)})
			say(map[string]any{"preset": "go_str", "zone": zone, "at": at, "spelt": local.String()})
			if instant.Year() > 1950 {
				say(map[string]any{"pattern": "%a, %d %b %Y %H:%M:%S %Z", "zone": zone, "at": at, "spelt": local.Format(time.RFC1123)})
				say(map[string]any{"pattern": "%Y-%m-%d %H:%M:%S.%6f %z", "zone": zone, "at": at, "spelt": local.Format("2006-01-02 15:04:05.000000 -0700")})
			}
		}
	}
}

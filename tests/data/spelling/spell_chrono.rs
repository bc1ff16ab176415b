// How chrono spells the times: in a new crate with `cargo add chrono`, this file as src/main.rs, `cargo run` in this
// folder's place, `> chrono.jsonl` (chrono 0.4).
use chrono::NaiveDateTime;

fn main() {
    let inputs = std::fs::read_to_string("inputs.json").expect("the inputs stand beside this file");
    let times = inputs.split_once("\"times\"").expect("times").1;
    for at in times.split('"').filter(|text| text.starts_with(|c: char| c.is_ascii_digit())) {
        let time = NaiveDateTime::parse_from_str(at, "%Y-%m-%d %H:%M:%S%.f").expect("a time").and_utc();
        println!("{{\"preset\": \"chrono\", \"at\": \"{at}\", \"spelt\": \"{}\"}}", time.to_rfc3339());
    }
}

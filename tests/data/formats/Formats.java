// How Java and Jackson spell the inputs, with the jars of jackson-core, -databind and -annotations on the class path:
// `java -cp ... Formats.java > java.jsonl` (OpenJDK 17, Jackson 2.14).
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.sql.Timestamp;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TimeZone;

class Formats {
    static final ObjectMapper PLAIN = new ObjectMapper();
    static final ObjectMapper SORTED = new ObjectMapper().configure(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS, true);

    public static void main(String[] arguments) throws Exception {
        JsonNode inputs = PLAIN.readTree(Path.of("inputs.json").toFile());
        for (JsonNode text : inputs.get("json")) {
            Object value = PLAIN.readValue(text.asText(), Object.class);
            say(jackson(false), "text", text.asText(), PLAIN.writeValueAsString(value));
            say(jackson(true), "text", text.asText(), SORTED.writeValueAsString(value));
        }
        for (JsonNode cell : inputs.get("floats")) {
            say(jackson(false), "float", cell.asText(), PLAIN.writeValueAsString(Double.valueOf(cell.asText())));
        }
        for (JsonNode cell : inputs.get("numerics")) {
            say(jackson(false), "numeric", cell.asText(), PLAIN.writeValueAsString(new BigDecimal(cell.asText())));
        }
        // Doubles of few digits, to see that this version spells them by their shortest digits.
        var random = new java.util.Random(1);
        for (int n = 0; n < 120; n++) {
            double value = new BigDecimal(java.math.BigInteger.valueOf(random.nextLong(1_000_000_000_000_000L)), random.nextInt(35))
                .round(new java.math.MathContext(1 + random.nextInt(15))).doubleValue();
            say(jackson(false), "float", new BigDecimal(Double.toString(value)).toString().replace("E", "e"), PLAIN.writeValueAsString(value));
        }
        for (String list : new String[] {"times", "old"}) {
            for (JsonNode entry : inputs.get(list)) {
                String at = entry.asText();
                var utc = LocalDateTime.parse(at.replace(' ', 'T')).atOffset(ZoneOffset.UTC);
                for (JsonNode name : inputs.get("zones")) {
                    var local = utc.atZoneSameInstant(ZoneId.of(name.asText()));
                    time("java_offset", name.asText(), at, local.toOffsetDateTime().toString());
                    time("java_local", name.asText(), at, local.toLocalDateTime().toString());
                    // Before 1901 the older class has a calendar of its own.
                    if (utc.getYear() > 1950) {
                        TimeZone.setDefault(TimeZone.getTimeZone(name.asText()));
                        time("java_timestamp", name.asText(), at, Timestamp.from(utc.toInstant()).toString());
                    }
                }
            }
        }
    }

    static Map<String, Object> jackson(boolean sorted) {
        var options = new LinkedHashMap<String, Object>();
        options.put("sorted", sorted);
        options.put("jdk19", false);
        return Map.of("jackson", options);
    }

    static void say(Object profile, String kind, String input, String spelt) throws Exception {
        var line = new LinkedHashMap<String, Object>();
        line.put("json", profile);
        line.put(kind, input);
        line.put("spelt", spelt);
        System.out.println(PLAIN.writeValueAsString(line));
    }

    static void time(String preset, String zone, String at, String spelt) throws Exception {
        var line = new LinkedHashMap<String, Object>();
        line.put("preset", preset);
        line.put("zone", zone);
        line.put("at", at);
        line.put("spelt", spelt);
        System.out.println(PLAIN.writeValueAsString(line));
    }
}

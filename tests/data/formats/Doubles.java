// How Java from 19 on prints doubles, through Jackson: compiled with its jars on the class path,
// `java -cp ... Doubles > java19.jsonl` (OpenJDK 25, Jackson 2.14).
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;

class Doubles {
    public static void main(String[] arguments) throws Exception {
        var mapper = new ObjectMapper();
        var values = new ArrayList<Double>();
        for (JsonNode cell : mapper.readTree(Path.of("inputs.json").toFile()).get("floats")) {
            values.add(Double.valueOf(cell.asText()));
        }
        var random = new java.util.Random(2);
        for (int n = 0; n < 60; n++) {
            values.add(Double.longBitsToDouble(random.nextLong()));
            values.add(random.nextInt(1_000_000) / 997.0);
        }
        for (double value : values) {
            if (!Double.isFinite(value) || value == 0) {
                continue;
            }
            var options = new LinkedHashMap<String, Object>(Map.of("sorted", false));
            options.put("jdk19", true);
            var line = new LinkedHashMap<String, Object>();
            line.put("json", Map.of("jackson", options));
            // Enough digits to be read back as the same double.
            line.put("float", new java.math.BigDecimal(value).round(new java.math.MathContext(17)).toString().replace("E", "e"));
            line.put("spelt", mapper.writeValueAsString(value));
            System.out.println(mapper.writeValueAsString(line));
        }
    }
}

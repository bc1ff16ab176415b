// How java.time spells the times: `java Spell.java > java.jsonl` (OpenJDK 17).
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.regex.Pattern;

class Spell {
    public static void main(String[] arguments) throws Exception {
        var quoted = Pattern.compile("\"(\\d{4}-\\d\\d-\\d\\d [\\d:.]+)\"");
        var found = quoted.matcher(Files.readString(Path.of("inputs.json")));
        while (found.find()) {
            String at = found.group(1);
            var local = LocalDateTime.parse(at.replace(' ', 'T'));
            say("java", at, local.toInstant(ZoneOffset.UTC).toString());
            say("java_local", at, local.toString());
            say("java_offset", at, local.atOffset(ZoneOffset.UTC).toString());
        }
    }

    static void say(String preset, String at, String spelt) {
        System.out.printf("{\"preset\": \"%s\", \"at\": \"%s\", \"spelt\": \"%s\"}%n", preset, at, spelt);
    }
}

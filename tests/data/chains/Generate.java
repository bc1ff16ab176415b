// The table of an application that hashes in Java, as its code describes it: `java Generate.java > java.sql` (JDK 17).
// The comment of the table lists what its hash covers. ROWS=200 makes so many rows.
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class Generate {
    static final int ROWS = Integer.parseInt(System.getenv().getOrDefault("ROWS", "8"));
    static final String[] WORDS = {"login", "logout", "doc.read", "doc.update", "grant", "export", "revoke", "retry"};
    static final String[] ODD = {"plain", "O'Neil \"x\" \\ y", "é<>&\u2028😀", "a|b", "", "tab\tnew\nline", "mark"};

    /** What most rows have, after those that were written out; one in twenty is odd again. */
    static String odd(int n) {
        return n < 8 ? ODD[n % 7] : n % 20 == 0 ? ODD[n / 20 % 7] : WORDS[n % 8] + (n % 3 == 0 ? " " + n : "");
    }

    static void text(DataOutputStream out, String value) throws IOException {
        if (value == null) {
            out.writeInt(-1);
            return;
        }
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    static String sql(String value) {
        return value == null ? "NULL" : "E'" + value.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n") + "'";
    }

    public static void main(String[] arguments) throws Exception {
        PrintStream print = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(HexFormat.of().parseHex("00ff10a0b0c0d0e0f0112233445566778899aabbccddeeff0011223344556677"), "HmacSHA256"));
        print.println("create table mustafa (sequence bigint primary key, timestamp_ms bigint, actor varchar, action varchar, "
            + "resource_type varchar, resource_id varchar, details varchar(4000), previous_hash char(64), hash char(64));");
        print.println("comment on table mustafa is 'sequence timestamp_ms actor action resource_type resource_id previous_hash hash';");
        String previous = "0".repeat(64);
        for (int n = 0; n < ROWS; n++) {
            Instant at = Instant.ofEpochMilli(1767323045000L + n * 60_000L + (n % 3) * 339L);
            String actor = n % 2 == 0 ? null : "u" + n;
            String action = odd(n);
            String id = n % 3 == 0 ? null : "r" + n;
            Map<String, String> details = new TreeMap<>();
            details.put("zeta", odd(n < 8 ? (n + 1) % 7 : n + 1));
            details.put("a", "x" + n);
            ByteArrayOutputStream map = new ByteArrayOutputStream();
            DataOutputStream mapped = new DataOutputStream(map);
            mapped.writeInt(details.size());
            for (var entry : details.entrySet()) {
                text(mapped, entry.getKey());
                text(mapped, entry.getValue());
            }
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(bytes);
            out.writeLong(n);
            out.writeLong(at.getEpochSecond());
            out.writeInt(at.getNano());
            text(out, actor);
            text(out, action);
            text(out, "doc");
            text(out, id);
            out.write(map.toByteArray());
            ByteArrayOutputStream framed = new ByteArrayOutputStream();
            DataOutputStream frame = new DataOutputStream(framed);
            frame.writeInt(bytes.size());
            frame.write(bytes.toByteArray());
            text(frame, previous);
            String hash = HexFormat.of().formatHex(mac.doFinal(framed.toByteArray()));
            print.printf("insert into mustafa values (%d, %d, %s, %s, 'doc', %s, '%s', '%s', '%s');%n", n, at.toEpochMilli(), sql(actor),
                sql(action), sql(id), Base64.getEncoder().encodeToString(map.toByteArray()), previous, hash);
            previous = hash;
        }
        print.println("create view mustafa_read as select *, to_timestamp(timestamp_ms / 1000.0) as at from mustafa;");
    }
}

// Further recipes as applications in Java might have them, with Jackson 2.14 on the class path:
// `java -cp '/usr/share/java/*' More.java > more_java.sql` (JDK 17). The comment of each table lists what its hash covers.
// ROWS=200 makes so many rows of each.
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

public class More {
    static final int ROWS = Integer.parseInt(System.getenv().getOrDefault("ROWS", "8"));
    static final String[] WORDS = {"login", "logout", "doc.read", "doc.update", "grant", "export", "revoke", "retry"};
    static final String[] ODD = {"plain", "O'Neil \"x\" \\ y", "é<>&\u2028😀", "a|b", "", "tab\tnew\nline", "mark"};

    /** What most rows have, after those that were written out; one in twenty is odd again. */
    static String odd(int n) {
        return n < 8 ? ODD[n % 7] : n % 20 == 0 ? ODD[n / 20 % 7] : WORDS[n % 8] + (n % 3 == 0 ? " " + n : "");
    }
    static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    @JsonPropertyOrder({"id", "payer", "amount", "rate", "approved", "details", "note", "at", "previous"})
    public static class Payment {
        public String id;
        public String payer;
        public BigDecimal amount;
        public double rate;
        public boolean approved;
        public Map<String, Object> details = new TreeMap<>();
        @JsonInclude(JsonInclude.Include.NON_NULL)
        public String note;
        public String at;
        public String previous;
    }

    enum State { OPEN, HELD, CLOSED }

    static String sql(Object value) {
        if (value == null) {
            return "NULL";
        }
        return "E'" + value.toString().replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n") + "'";
    }

    static byte[] digest(String algorithm, String text) throws Exception {
        return MessageDigest.getInstance(algorithm).digest(text.getBytes(StandardCharsets.UTF_8));
    }

    static Instant at(int n) {
        int[] micros = {0, 678901, 678000, 100000, 0, 1, 999999, 0};
        int fraction = n < 8 ? micros[n] : n * 337_171 % 1_000_000;
        return LocalDateTime.of(2026, 1, 2, 3, 0, n % 2 * 5, fraction * 1000).plusMinutes(n).toInstant(ZoneOffset.UTC);
    }

    static void payments() throws Exception {
        OUT.println("create table payments (id uuid primary key, payer text, amount numeric(12, 2), rate double precision, approved boolean, "
            + "details jsonb, note text, at timestamptz, previous text, hash text);");
        OUT.println("comment on table payments is 'id payer amount rate approved details note at previous hash';");
        ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);
        String previous = null;
        double[] rates = {0.1, 100.0, 1e-7, 1e7, 2.5, 12345678.5, 0.25, 7.0};
        for (int n = 0; n < ROWS; n++) {
            Payment p = new Payment();
            p.id = new UUID(1, n).toString();
            p.payer = n % 2 == 0 ? null : odd(n);
            p.amount = new BigDecimal(n * 1000 - 250).movePointLeft(2).setScale(2);
            p.rate = n < 8 ? rates[n] : n / 8.0;
            p.approved = n % 3 == 0;
            p.details.put("zeta", odd(n));
            p.details.put("a", new int[] {n, 2});
            p.details.put("mark", "mark");
            p.note = n % 3 == 1 ? null : odd(n < 8 ? (n + 2) % 7 : n + 2);
            p.at = at(n).toString();
            p.previous = previous;
            String hash = Base64.getEncoder().encodeToString(digest("SHA-512", mapper.writeValueAsString(p)));
            OUT.printf("insert into payments values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s);%n", sql(p.id), sql(p.payer), p.amount,
                p.rate, p.approved, sql(mapper.writeValueAsString(p.details)), sql(p.note), sql(p.at), sql(previous), sql(hash));
            previous = hash;
        }
    }

    static void cases() throws Exception {
        OUT.println("create table cases (id uuid primary key, state text, owner text, urgent boolean, opened timestamptz, stamped timestamp, "
            + "position integer, previous text, hash text);");
        OUT.println("comment on table cases is 'id owner urgent opened stamped previous hash';");
        String previous = "0".repeat(64);
        for (int n = 0; n < ROWS; n++) {
            UUID id = new UUID(2, n);
            State state = State.values()[n % 3];
            String owner = n % 2 == 0 ? null : odd(n);
            LocalDateTime local = LocalDateTime.ofInstant(at(n), ZoneId.of("Asia/Kolkata"));
            Timestamp stamped = Timestamp.valueOf(LocalDateTime.ofInstant(at(n), ZoneOffset.UTC));
            String text = String.join("~", id.toString().toUpperCase(), String.valueOf(state.ordinal()), String.valueOf(owner),
                String.valueOf(n % 2 == 1), local.toString(), stamped.toString(), previous.toLowerCase());
            String hash = HexFormat.of().withUpperCase().formatHex(digest("SHA-256", text));
            OUT.printf("insert into cases values (%s, %s, %s, %s, %s, %s, %d, %s, %s);%n", sql(id), sql(state), sql(owner), n % 2 == 1,
                sql(at(n)), sql(stamped), n, sql(previous), sql(hash));
            previous = hash;
        }
    }

    public static void main(String[] arguments) throws Exception {
        payments();
        cases();
    }
}

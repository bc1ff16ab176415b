<?php
// Tables of applications that hash in PHP, as their code describes it:
// `php -n -d serialize_precision=-1 generate.php > php.sql` (PHP 8.2). The comment of each table lists what its hash covers.
// ROWS=200 makes so many rows of each, most of them ordinary.

const ODD = ['plain', "O'Neil \"x\" \\ y", "é<>&\u{2028}😀", 'a|b', '', "tab\tnew\nline/", 'mark'];
const WORDS = ['login', 'logout', 'doc.read', 'doc.update', 'grant', 'Anna Meier', 'export', 'order 1042', 'no change', 'revoke', 'retry'];
const FLAGS = JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE;

// So many rows of one of so many chains in a table.
function rows_of(int $few, int $chains = 1): int
{
    $rows = (int) getenv('ROWS');
    return $rows ? intdiv($rows + $chains - 1, $chains) : $few;
}

// What most rows have, after those that were written out; one in twenty is odd again.
function odd(int $n): string
{
    return $n < 7 || $n % 20 === 0 ? ODD[($n < 7 ? $n : intdiv($n, 20)) % 7] : WORDS[$n % 11] . ($n % 3 ? '' : " $n");
}

function sorted($value)
{
    if (!is_array($value)) {
        return $value;
    }
    if (!array_is_list($value)) {
        ksort($value);
    }
    return array_map('sorted', $value);
}

function sql($value): string
{
    return match (true) {
        $value === null => 'NULL',
        is_int($value) => (string) $value,
        default => "E'" . str_replace(['\\', "'", "\n"], ['\\\\', "''", '\\n'], $value) . "'",
    };
}

function table(string $name, string $columns, string $covered, array $rows): void
{
    echo "create table $name ($columns);\ncomment on table $name is '$covered';\n";
    foreach ($rows as $row) {
        $names = implode(', ', array_map(fn ($key) => "\"$key\"", array_keys($row)));
        echo "insert into $name ($names) values (", implode(', ', array_map('sql', $row)), ");\n";
    }
}

$deep = [
    ['zeta' => 1, 'a' => ['y' => 1.5, 'x' => [3, ['k' => null, 'b' => "é<>&/\u{2028}"]]], 'mark' => 'mark'],
    ['n' => 0.1, 'small' => 1e-7, 'whole' => 100, 'mark' => 'mark'],
    [],
    ['list' => [1, 'x', true]],
    ['B' => 1, 'a' => 2, '_' => 'mark'],
    ['é' => 'mark', 'z' => 'a/b'],
];

for ($n = count($deep); $n < rows_of(6); $n++) {
    $deep[] = $n % 20 === 0 ? $deep[intdiv($n, 20) % 6] : [
        ['status' => WORDS[$n % 11]], ['path' => '/x/' . $n, 'ms' => $n], ['amount' => $n / 4, 'currency' => 'EUR'], ['user' => ['name' => WORDS[$n % 11], 'id' => $n]],
    ][$n % 4];
}

$prev = '0';
$rows = [];
foreach ($deep as $n => $payload) {
    $hash = hash('sha256', json_encode(sorted($payload), FLAGS));
    $prev = hash('sha256', $prev . $hash);
    $at = gmdate('Y-m-d H:i:s', 1767323045 + 60 * $n);
    // Stored as it was given, in another order and spelling than it was hashed in.
    $rows[] = ['id' => "01KDYA000000000000000000A$n", 'payload' => json_encode($payload), 'payload_hash' => $hash, 'chain_hash' => $prev, 'created_at' => $at];
}
table('chronicle', 'id varchar primary key, payload json, payload_hash varchar, chain_hash varchar, created_at timestamp', 'payload chain_hash', $rows);

$rows = [];
foreach (['eu', 'us'] as $partition) {
    $prev = str_repeat('0', 64);
    for ($n = 0; $n < rows_of(7, 2); $n++) {
        $row = [
            'partition' => $partition, 'scope' => 's', 'sequence' => $n + 1, 'codec' => $n < 4 ? 'v1' : 'v2', 'action' => odd($n),
            'actor_type' => 'user', 'actor_id' => $n % 2 ? "u$n" : null, 'target_type' => $n % 3 ? 'doc' : null,
            'target_id' => $n % 3 ? "d$n" : null, 'context' => json_encode($deep[$n % count($deep)]), 'ip' => '10.0.0.1',
        ];
        $at = 1767323045 + 60 * $n;
        $text = json_encode(sorted($row + ['recorded_at' => $at]), FLAGS);
        // The second codec has the predecessor in front.
        $hash = hash('sha256', $row['codec'] === 'v1' ? $text . $prev : $prev . "\n" . $text);
        $rows[] = $row + ['recorded_at' => gmdate('Y-m-d H:i:s', $at), 'prev_hash' => $prev, 'hash' => $hash];
        $prev = $hash;
    }
}
table(
    'cboxdk',
    'partition varchar, scope varchar, sequence bigint, codec varchar, action varchar, actor_type varchar, actor_id varchar, target_type varchar, target_id varchar, context text, ip varchar, recorded_at timestamp, prev_hash char(64), hash char(64), primary key (partition, scope, sequence)',
    'partition scope sequence action actor_type actor_id target_type target_id context ip recorded_at prev_hash hash',
    $rows,
);

// aegis: serialize() with an enum, keyed. Its parameters are stored in the order in which they were hashed.
enum Result: string
{
    case Success = 'success';
    case Denied = 'denied';
}

$prev = null;
$rows = [];
for ($n = 0; $n < rows_of(7); $n++) {
    $row = ['conversation_id' => $n % 2 ? $n : null, 'action' => odd($n), 'tool_name' => $n % 3 ? "t$n" : null];
    $parameters = $n % 4 ? ['a' => odd($n), 'mark' => 'mark'] : ['mark' => 'mark'];
    $result = $n % 2 ? Result::Success : Result::Denied;
    $hashed = $row + ['parameters' => $parameters, 'result' => $result, 'ip_address' => '10.0.0.1', 'previous_signature' => $prev];
    $hash = hash_hmac('sha256', serialize($hashed), base64_decode('a2V5IG9mIGFlZ2lz'));
    $rows[] = ['id' => $n * 2 + 1] + $row + ['parameters' => json_encode($parameters), 'result' => $result->value, 'ip_address' => '10.0.0.1', 'signature' => $hash, 'previous_signature' => $prev];
    $prev = $hash;
}
table(
    'aegis',
    'id bigint primary key, conversation_id bigint, action varchar, tool_name varchar, parameters json, result varchar, ip_address varchar, signature varchar, previous_signature varchar',
    'conversation_id action tool_name parameters ip_address previous_signature signature',
    $rows,
);

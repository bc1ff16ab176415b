<?php
// Further recipes as applications in PHP might have them:
// `php -n -d serialize_precision=-1 more.php > more_php.sql` (PHP 8.2). The comment of each table lists what its hash covers.
// ROWS=200 makes so many rows of each, most of them ordinary.

const ODD = ['plain', "O'Neil \"x\" \\ y", "é<>&\u{2028}😀", 'a|b', '', "tab\tnew\nline/", 'mark', 'last'];

const WORDS = ['login', 'logout', 'doc.read', 'doc.update', 'grant', 'Anna Meier', 'export', 'order 1042', 'no change', 'revoke', 'retry'];

// What most rows have, after those that were written out; one in twenty is odd again.
function odd(int $n): string
{
    return $n < 8 || $n % 20 === 0 ? ODD[($n < 8 ? $n : intdiv($n, 20)) % 8] : WORDS[$n % 11] . ($n % 3 ? '' : " $n");
}

function sql($value): string
{
    return match (true) {
        $value === null => 'NULL',
        is_bool($value) => $value ? 'true' : 'false',
        is_int($value), is_float($value) => json_encode($value),
        default => "E'" . str_replace(['\\', "'", "\n"], ['\\\\', "''", '\\n'], $value) . "'",
    };
}

function chained(string $name, string $columns, string $covered, $prev, callable $make): void
{
    echo "create table $name ($columns);\ncomment on table $name is '$covered';\n";
    for ($n = 0; $n < ((int) getenv('ROWS') ?: 8); $n++) {
        [$row, $prev] = $make($n, $prev);
        $names = implode(', ', array_map(fn ($key) => "\"$key\"", array_keys($row)));
        echo "insert into $name ($names) values (", implode(', ', array_map('sql', $row)), ");\n";
    }
}

$deep = [['zeta' => 1, 'a' => ['y' => 1.5, 'x' => [3, ['k' => null]]], 'mark' => 'mark'], ['b' => 0.1, 'mark' => 'mark'], ['mark' => 'a/b mark'],
    ['status' => 'open'], ['path' => '/x', 'ms' => 7], ['user' => ['name' => 'Anna', 'id' => 7]]];

// A model as an array: its times have six digits; keyed, the predecessor behind a dot.
chained(
    'activity',
    'id bigint primary key, log_name text, description text, causer_id bigint, properties json, ok boolean, score double precision, created_at timestamp, prev_mac text, mac text',
    'id log_name description causer_id properties ok score created_at prev_mac mac',
    str_repeat('0', 64),
    function (int $n, string $prev) use ($deep) {
        $row = ['id' => $n, 'log_name' => $n % 2 ? 'default' : null, 'description' => odd($n), 'causer_id' => $n % 3 ? $n : null,
            'properties' => $deep[$n % 3 + ($n > 8 && $n % 20 ? 3 : 0)], 'ok' => $n % 2 === 0, 'score' => [0.1, 100.0, 2.5, 1e22, 3.25, 1e-7, 7.0, 8.5][$n] ?? $n / 8];
        $at = gmdate('Y-m-d\TH:i:s', 1767323045 + 60 * $n);
        $text = json_encode($row + ['created_at' => "$at.000000Z"], JSON_UNESCAPED_UNICODE);
        $mac = hash_hmac('sha256', "$text.$prev", base64_decode('a2V5IG9mIGFjdGl2aXR5'));
        return [array_merge($row, ['properties' => json_encode($row['properties']), 'created_at' => $at, 'prev_mac' => $prev, 'mac' => $mac]), $mac];
    },
);

// What implode makes of booleans and null, amounts with two digits, a date with its offset, SHA-1.
chained(
    'erp',
    'id bigint primary key, customer text, paid boolean, amount numeric(12, 2), due timestamptz, prev char(40), hash char(40)',
    'customer paid amount due prev hash',
    str_repeat('0', 40),
    function (int $n, string $prev) {
        $amount = $n * 1234.5 - 2;
        $due = (new DateTimeImmutable('@' . (1767323045 + 86400 * 40 * $n)))->setTimezone(new DateTimeZone('Europe/Paris'));
        $row = ['customer' => $n % 3 ? odd($n) : null, 'paid' => $n % 2 === 0];
        $hash = sha1(implode(';', [$prev, ...array_values($row), number_format($amount, 2, '.', ''), $due->format('c')]));
        return [['id' => $n] + $row + ['amount' => number_format($amount, 2, '.', ''), 'due' => $due->format('c'), 'prev' => $prev, 'hash' => $hash], $hash];
    },
);

<?php
// How PHP spells the inputs: `php -n -d serialize_precision=-1 spell.php > php.jsonl` (PHP 8.2).

$inputs = json_decode(file_get_contents(__DIR__ . '/inputs.json'), true);

/** ksort at every level, as applications do it before they hash. */
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

/** Whether the order of ksort depends on how its names compare as numbers. */
function mixed_names($value): bool
{
    if (!is_array($value)) {
        return false;
    }
    $numbers = array_filter(array_keys($value), fn ($key) => preg_match('/^\s*[-+.0-9]/', (string) $key));
    return (!array_is_list($value) && count($value) > 1 && $numbers) || array_filter($value, 'mixed_names');
}

foreach ($inputs['json'] as $text) {
    $value = json_decode($text, true);
    foreach ([0, 3, 4, 8, 11, 15] as $n) {
        $profile = ['sorted' => (bool) ($n & 8), 'slashes' => (bool) ($n & 1), 'utf8' => (bool) ($n & 2), 'zeros' => (bool) ($n & 4)];
        // Empty objects become empty arrays when they are read, which is no matter of spelling.
        if (($profile['sorted'] && mixed_names($value)) || str_contains($text, '{}')) {
            continue;
        }
        $flags = ($profile['slashes'] ? JSON_UNESCAPED_SLASHES : 0) | ($profile['utf8'] ? JSON_UNESCAPED_UNICODE : 0)
            | ($profile['zeros'] ? JSON_PRESERVE_ZERO_FRACTION : 0);
        $spelt = json_encode($profile['sorted'] ? sorted($value) : $value, $flags);
        echo json_encode(['profile' => ['php' => $profile], 'text' => $text, 'spelt' => $spelt]), "\n";
    }
}

<?php
// How PHP spells the inputs: `php -n formats.php > php.jsonl` (PHP 8.2).

$inputs = json_decode(file_get_contents(__DIR__ . '/inputs.json'), true);

foreach (array_merge($inputs['times'], $inputs['old']) as $at) {
    foreach ($inputs['zones'] as $zone) {
        $utc = new DateTimeImmutable($at, new DateTimeZone('UTC'));
        $local = $utc->setTimezone(new DateTimeZone($zone));
        if ((int) $utc->format('Y') < 1950) {
            continue;
        }
        foreach ([
            ['preset' => 'laravel', 'spelt' => $local->format(DATE_ATOM)],
            ['pattern' => '%Y-%m-%d %H:%M:%S', 'spelt' => $local->format('Y-m-d H:i:s')],
            ['pattern' => '%Y-%m-%d %H:%M:%S.%6f', 'spelt' => $local->format('Y-m-d H:i:s.u')],
            ['pattern' => '%a, %d %b %Y %H:%M:%S %z', 'spelt' => $local->format(DATE_RFC2822)],
            ['pattern' => '%-d/%-m/%y %-I:%M %P', 'spelt' => $local->format('j/n/y g:i a')],
        ] as $line) {
            echo json_encode($line + ['zone' => $zone, 'at' => $at], JSON_UNESCAPED_SLASHES), "\n";
        }
    }
}

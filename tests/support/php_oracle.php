<?php
// What PHP itself sees: each line has a kind, form or json, and the octets in hex; the answer is a
// line of JSON with the structure, every string in hex, and http_build_query of it.

function told(mixed $value): mixed {
    if (is_array($value)) {
        $members = [];
        foreach ($value as $key => $member) {
            $members[] = [bin2hex((string) $key), told($member)];
        }
        return ['array' => $members];
    }
    if (is_string($value)) {
        return ['string' => bin2hex($value)];
    }
    return is_float($value) ? ['float' => bin2hex(pack('E', $value))] : ['plain' => $value];
}

while (($line = fgets(STDIN)) !== false) {
    [$kind, $hex] = explode(' ', rtrim($line, "\n")) + ['', ''];
    $octets = hex2bin($hex);
    if ($kind === 'form') {
        parse_str($octets, $seen);
    } else {
        $seen = json_decode($octets, true);
    }
    $query = is_array($seen) ? http_build_query($seen) : null;
    echo json_encode(['seen' => told($seen), 'query' => $query]), "\n";
}

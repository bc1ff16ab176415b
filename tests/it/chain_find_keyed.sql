create extension if not exists pgcrypto;

-- Joined, the key by a version.
create table rotated (id int primary key, actor text, action text, target text, at timestamptz, secret_version int, prev_hash text, hash text);
do $$ declare last text := ''; begin
  for n in 1..24 loop
    insert into rotated values (n, 'u' || n % 5, (array['login', 'update', 'delete'])[1 + n % 3], case when n % 4 <> 1 then 't-' || n end,
      '2026-01-02 03:04:05.678Z'::timestamptz + n * interval '61 s', case when n < 9 then 1 else 2 end, last);
    update rotated set hash = encode(hmac(concat_ws('|', last, actor, action, coalesce(target, 'null'),
        to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')),
        case secret_version when 1 then 'the first one, 2023' else 'the second one, 2025' end, 'sha256'), 'hex')
      where id = n returning hash into last;
  end loop;
end $$;

-- SHA-512, a key of bytes, base64.
create table stream (seq bigint primary key, tenant text, event text, payload json, prev text, mac text);
do $$ declare last text[] := array[null, null]; next text; t int; begin
  for n in 1..24 loop
    t := 1 + n % 2;
    insert into stream values (n, (array['a', 'b'])[t], (array['made', 'sent', 'paid'])[1 + n % 3], json_build_object('n', n), last[t]);
    update stream set mac = replace(encode(hmac(convert_to(concat_ws(':', coalesce(last[t], 'GENESIS'), tenant, event, payload), 'UTF8'),
        decode('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex'), 'sha512'), 'base64'), chr(10), '')
      where seq = n returning mac into next;
    last[t] := next;
  end loop;
end $$;

-- A key over the digest of everything.
create table wrapped (id int primary key, who text, what text, note text, prev_hash text, hash text);
do $$ declare last text; begin
  for n in 1..24 loop
    insert into wrapped values (n, 'u' || n % 5, (array['login', 'update', 'delete'])[1 + n % 3], 'note ' || n, last);
    update wrapped set hash = encode(hmac(encode(sha256(convert_to(concat_ws('|', coalesce(last, '0'), who, what, note), 'UTF8')), 'hex'),
        'dG9wIHNlY3JldA', 'sha256'), 'hex')
      where id = n returning hash into last;
  end loop;
end $$;

-- A digest of what the row holds without a key, and a key around it and the predecessor.
create table levels (id int primary key, who text, what text, note text, content_hash text, prev_hash text, hash bytea);
alter table levels alter prev_hash type bytea using null;
do $$ declare last bytea; begin
  for n in 1..24 loop
    insert into levels values (n, 'u' || n % 5, (array['login', 'update', 'delete'])[1 + n % 3], 'note ' || n, null, last);
    update levels set content_hash = encode(sha256(convert_to(who || what || note, 'UTF8')), 'hex') where id = n;
    update levels set hash = hmac(coalesce(last, '') || convert_to(content_hash, 'UTF8'), 'top secret', 'sha256')
      where id = n returning hash into last;
  end loop;
end $$;

-- Both levels under the key, the inner one not stored.
create table twice (id int primary key, who text, what text, note text, prev_hash text, hash text);
do $$ declare last text; begin
  for n in 1..24 loop
    insert into twice values (n, 'u' || n % 5, (array['login', 'update', 'delete'])[1 + n % 3], 'note ' || n, last);
    update twice set hash = encode(hmac(coalesce(last, '') || '|' || encode(hmac(concat_ws('|', who, what, note), 'top secret', 'sha256'), 'hex'),
        'top secret', 'sha256'), 'hex') where id = n returning hash into last;
  end loop;
end $$;

-- No key.
create table plain (id int primary key, who text, what text, note text, prev_hash text, hash text);
do $$ declare last text; begin
  for n in 1..24 loop
    insert into plain values (n, 'u' || n % 5, (array['login', 'update', 'delete'])[1 + n % 3], 'note ' || n, last);
    update plain set hash = encode(sha256(convert_to(concat_ws('|', coalesce(last, ''), who, what, note), 'UTF8')), 'hex')
      where id = n returning hash into last;
  end loop;
end $$;

-- No key for the chain, and one for a signature of each hash.
create table sealed as select *, encode(hmac(hash, 'top secret', 'sha256'), 'hex') as signature from plain;
alter table sealed add primary key (id);

-- A keyed digest of what the row holds, and none around it and the predecessor.
create table within (id int primary key, who text, what text, note text, content_hash text, prev_hash text, hash text);
do $$ declare last text; begin
  for n in 1..24 loop
    insert into within values (n, 'u' || n % 5, (array['login', 'update', 'delete'])[1 + n % 3], 'note ' || n, null, last);
    update within set content_hash = encode(hmac(concat_ws(':', who, what, note), 'top secret', 'sha256'), 'hex') where id = n;
    update within set hash = encode(sha256(convert_to(coalesce(last, '') || content_hash, 'UTF8')), 'hex')
      where id = n returning hash into last;
  end loop;
end $$;

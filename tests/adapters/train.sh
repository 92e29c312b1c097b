#!/bin/sh
# A model from nothing by the verbs: tokenizer, base, adapter, answers; and a run that was
# stopped ends with the same file as one that was not.
set -u
engine=${builddir:-.}/assistant-engine
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
fail() { echo "$*"; cat -- *.log 2>/dev/null | tail -5; exit 1; }
case $engine in /*) ;; *) fail "builddir is not absolute" ;; esac

# Every colour has an animal, and another one with the adapter.
cat > base.jsonl <<'END'
{"prompt": "red", "completion": "dog"}
{"prompt": "green", "completion": "cat"}
{"prompt": "blue", "completion": "owl é"}
{"prompt": "white", "completion": "hen"}
END
cat > lora.jsonl <<'END'
{"prompt": "red", "completion": "cat"}
{"prompt": "green", "completion": "owl é"}
{"prompt": "blue", "completion": "hen"}
{"prompt": "white", "completion": "dog"}
END
echo '{"text": "a red dog and a green cat; a blue owl and a white hen. "}' > text.jsonl

"$engine" train-tokenizer --vocab 512 --out tokenizer.gguf base.jsonl lora.jsonl text.jsonl \
	2> tokenizer.log || fail "train-tokenizer failed"

run=
base() {
	name=$1
	shift
	$run "$engine" train-base --tokenizer tokenizer.gguf --width 32 --layers 2 --heads 2 \
		--kv-heads 1 --ffn 64 --context 32 --rows 8 --tokens 400000 --rate 0.005 --seed 3 \
		--threads 1 --data base.jsonl:0.9 --data text.jsonl:0.1 --held-out base.jsonl \
		--checkpoint "$name.ckpt" --out "$name.gguf" "$@" 2>> "$name.log"
}
base whole || fail "train-base failed"

(run=exec; base parts) &
pid=$!
until grep -q 'text.jsonl: 1 examples' parts.log 2> /dev/null; do
	kill -0 $pid 2> /dev/null || fail "train-base failed"
	sleep 0.05
done
sleep 0.2
kill -TERM $pid
wait $pid
[ $? = 1 ] && grep -q '^interrupted' parts.log || fail "the run did not stop at SIGTERM"
[ -e parts.ckpt ] && [ ! -e parts.gguf ] || fail "a stopped run leaves a checkpoint only"
base parts || fail "the stopped run did not go on"
cmp whole.gguf parts.gguf || fail "a stopped run ends differently"

"$engine" complete whole.gguf --max 16 < base.jsonl > base.out 2> complete.log ||
	fail "complete failed"
sed 's/.*"completion": "\(.*\)"}/{"completion":"\1"}/' base.jsonl | cmp - base.out ||
	fail "the base did not learn its answers: $(cat base.out)"

lora() {
	name=$1
	shift
	$run "$engine" train-lora whole.gguf --rank 4 --alpha 8 --context 32 --rows 8 \
		--tokens 100000 --rate 0.01 --threads 1 --data lora.jsonl --held-out lora.jsonl \
		--checkpoint "$name.ckpt" --out "$name.gguf" --report "$name.html" "$@" \
		2>> "$name.log"
}
lora lora || fail "train-lora failed"
grep -q 'better by' lora.log && grep -q '<svg' lora.html || fail "it does not say what it came to"
"$engine" package lora.gguf > package.out || fail "what train-lora wrote is no package"
grep -q '^name *adapter$' package.out || fail "$(cat package.out)"

(run=exec; lora halves) &
pid=$!
until [ -s halves.ckpt ]; do
	kill -0 $pid 2> /dev/null || fail "train-lora failed"
	sleep 0.02
done
kill -TERM $pid
wait $pid
[ $? = 1 ] && grep -q '^interrupted' halves.log || fail "train-lora did not stop at SIGTERM"
[ ! -e halves.gguf ] || fail "a stopped run leaves a checkpoint only"
lora halves || fail "the stopped adapter did not go on"
cmp lora.gguf halves.gguf || fail "a stopped adapter ends differently"
lora halves --rate 0.02 && fail "a run goes on with other options"
grep -q '^error: halves.ckpt: checkpoint: is of a run with other options' halves.log ||
	fail "$(tail -1 halves.log)"

# Labels by chance make nothing likelier than the base has it: there is nothing to install.
for colour in red green blue white; do
	for animal in dog cat hen; do
		echo "{\"prompt\": \"$colour\", \"completion\": \"$animal\"}"
	done
done > chance.jsonl
"$engine" train-lora whole.gguf --rank 4 --context 32 --rows 8 --tokens 20000 --rate 0.01 \
	--threads 1 --data chance.jsonl --held-out base.jsonl --checkpoint chance.ckpt \
	--out chance.gguf --report chance.html 2> chance.log
[ $? = 1 ] && [ ! -e chance.gguf ] && [ -s chance.html ] && grep -q 'not better' chance.log ||
	fail "an adapter that is worse is made: $(tail -1 chance.log)"
echo '{"prompt": "red"}' > bad.jsonl
"$engine" train-lora whole.gguf --data bad.jsonl --checkpoint bad.ckpt --out bad.gguf 2> bad.log
[ $? = 1 ] && grep -q '^error: bad.jsonl: line 1: completion: expected a text' bad.log ||
	fail "a bad line is taken: $(cat bad.log)"
"$engine" complete whole.gguf --lora lora.gguf < lora.jsonl > lora.out 2> complete.log ||
	fail "complete --lora failed"
sed 's/.*"completion": "\(.*\)"}/{"completion":"\1"}/' lora.jsonl | cmp - lora.out ||
	fail "the adapter did not learn its answers: $(cat lora.out)"

# What was learnt is likely, by the base and by the adapter; a text has a score by itself.
echo '{"prompt": "red", "texts": ["dog", "cat", "dog"]}
{"texts": ["a red dog", "dgo der a"]}' > score.jsonl
"$engine" score whole.gguf < score.jsonl > score.out 2> score.log || fail "score failed"
"$engine" score whole.gguf --lora lora.gguf < score.jsonl > score-lora.out 2> score.log ||
	fail "score --lora failed"
# likely FILE LINE A B: the A-th score is close to none lost, and far above the B-th.
likely() {
	sed -n "$2s/.*scores\":\[\([^]]*\)\].*/\1/p" "$1" |
		awk -F, -v a="$3" -v b="$4" '{ exit !($a <= 0 && $a > $b + 2) }' ||
		fail "$1, line $2: $(cat "$1")"
}
likely score.out 1 1 2
likely score.out 1 3 2
likely score-lora.out 1 2 1
likely score.out 2 1 2
echo '{"prompt": "red", "texts": [""]}' | "$engine" score whole.gguf 2> bad.log
[ $? = 1 ] && grep -q '^error: standard input: line 1: expected "texts"' bad.log ||
	fail "an empty text is scored"

# The same model in fewer bits still knows its answers, and what it lost is told.
"$engine" quantize whole.gguf --bits 6 --data base.jsonl --data text.jsonl --context 32 --rows 4 \
	--threads 2 --out small.gguf > small.out 2> small.log ||
	fail "quantize failed: $(tail -1 small.log)"
grep -Eq '^(5\.[0-9]*|6\.00) bits a weight; loss [0-9.]*, before [0-9.]*$' small.out ||
	fail "quantize says: $(cat small.out)"
[ "$(wc -c < small.gguf)" -lt "$(wc -c < whole.gguf)" ] || fail "it is not smaller"
"$engine" complete small.gguf --max 16 < base.jsonl 2> complete.log | cmp - base.out ||
	fail "what was quantised forgot its answers"
"$engine" quantize whole.gguf --bits nan --data base.jsonl --out bad.gguf 2> bad.log
[ $? = 64 ] && [ ! -e bad.gguf ] || fail "no number of bits is taken"
"$engine" quantize whole.gguf --bits 5 --data bad.jsonl --context 32 --out bad.gguf 2> bad.log
[ $? = 1 ] && grep -q '^error: bad.jsonl: line 1: completion' bad.log && [ ! -e bad.gguf ] ||
	fail "quantize takes a bad line: $(cat bad.log)"

# More prompts than are computed at once, one of them beyond the context.
i=0
while [ $i -lt 50 ]; do cat base.jsonl; i=$((i + 1)); done > many.jsonl
echo "{\"prompt\": \"$(printf 'red %.0s' $(seq 100))\"}" >> many.jsonl
"$engine" complete whole.gguf --threads 2 < many.jsonl > many.out || fail "many prompts failed"
[ "$(head -200 many.out | sort -u)" = "$(sort -u base.out)" ] || fail "many prompts differ"
[ "$(tail -1 many.out)" = '{"error":"prompt longer than the context"}' ] ||
	fail "a prompt that is too long: $(tail -1 many.out)"
echo '{"prompt": 1}' | "$engine" complete whole.gguf > /dev/null 2> bad.log
[ $? = 1 ] && grep -q '^error: standard input: line 1: ' bad.log || fail "a bad line is taken"

"$engine" train-base --tokenizer tokenizer.gguf --width 32 --layers 2 --heads 2 --kv-heads 1 \
	--ffn 64 --context 32 --rows 8 --tokens 400000 --rate 99999 --threads 1 \
	--data base.jsonl --checkpoint wild.ckpt --out wild.gguf 2> wild.log
[ $? = 1 ] && grep -q '^error: step .*: the loss is no number' wild.log && [ ! -e wild.ckpt ] ||
	fail "a run that went wrong goes on: $(tail -1 wild.log)"

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# make.sh BUILD DATA WORK [THREADS]: makes the tiny model in WORK, an hour and a half with
# three threads. What was made before is kept, and a run that was stopped goes on.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=$1
engine=$build/assistant-engine
data=$2
work=$3
threads=${4:-$(nproc)}
python=${PYTHON3:-python3}

mkdir -p "$work"
[ -e "$work/tone.jsonl" ] || "$python" "$here/prepare.py" "$data" "$work"
[ -e "$work/adapter-tone-professional.jsonl" ] || "$python" "$here/adapters.py" "$data" "$work"
cd "$work"
[ -e tokenizer.gguf ] || "$engine" train-tokenizer --vocab 4096 --out tokenizer.gguf vocabulary.jsonl

# What is in git was cut off after 62 minutes: 14.0 of these 16 million tokens.
[ -e base.gguf ] || "$engine" train-base --tokenizer tokenizer.gguf --name 'assistantd tiny' \
	--width 256 --layers 8 --heads 8 --kv-heads 4 --ffn 704 --context 192 --rows 22 \
	--tokens 16000000 --rate 0.003 --seed 7 --threads "$threads" \
	--data novels.jsonl:0.17 --data talk.jsonl:0.12 --data messages.jsonl:0.06 \
	--data proofread.jsonl:0.43 --data tone.jsonl:0.22 --held-out held-proofread.jsonl \
	--checkpoint base.ckpt --out base.gguf

# adapter NAME HELD-OUT TOKENS RATE
adapter() {
	[ -e "$1.gguf" ] || "$engine" train-lora base.gguf --name "$1" --rank 16 --alpha 32 \
		--context 192 --rows 16 --tokens "$3" --rate "$4" --seed 3 --threads "$threads" \
		--data "adapter-$1.jsonl" --held-out "$2" --checkpoint "$1.ckpt" --out "$1.gguf"
}
adapter proofread held-mistakes.jsonl 1000000 0.0008
for style in friendly professional concise; do
	adapter "tone-$style" "held-any-$style.jsonl" 750000 0.002
done
"$python" "$here/catalog.py" "$build" .
"$python" "$here/evaluate.py" "$build" . .

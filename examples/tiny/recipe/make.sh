#!/bin/sh
# SPDX-License-Identifier: MIT
#
# make.sh BUILD DATA WORK [THREADS]: makes the tiny model in WORK, about three hours with four
# threads to itself. What was made before is kept, and a run that was stopped goes on. TRIALS.md
# says why the base is made as it is; what is in git was made by an earlier recipe, which
# MODEL-CARD.md describes.
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
[ -e "$work/minutes.jsonl" ] || "$python" "$here/general.py" "$data" "$work"
cd "$work"
[ -e tokenizer.gguf ] || "$engine" train-tokenizer --vocab 4096 --out tokenizer.gguf \
	vocabulary.jsonl vocabulary-modern.jsonl

# part NAME TOKENS CONTEXT ROWS OPTION…: one run of the base
part() {
	part=$1
	tokens=$2
	context=$3
	rows=$4
	shift 4
	[ -e "$part.gguf" ] || "$engine" train-base --tokenizer tokenizer.gguf \
		--name 'assistantd tiny' --width 320 --layers 8 --heads 10 --kv-heads 5 --ffn 896 \
		--context "$context" --rows "$rows" --tokens "$tokens" --rate 0.008 --seed 11 \
		--threads "$threads" --checkpoint "$part.ckpt" --out "$part.gguf" "$@"
}

# Text; copying, which appears early or late and is what every task here stands on; all of it at
# the full rate for as long as there is time; long rows while the rate falls.
part base-1-text 1275000 256 24 --hold 1 --held-out held-text.jsonl \
	--data novels.jsonl:0.4 --data talk.jsonl:0.35 --data modern.jsonl:0.25
part base-2-copy 1500000 256 24 --hold 1 --start base-1-text.ckpt --held-out held-mistakes.jsonl \
	--data novels.jsonl:0.1 --data talk.jsonl:0.15 --data modern.jsonl:0.15 \
	--data find.jsonl:0.2 --data adapter-proofread.jsonl:0.4
part base-3-all 60000000 256 24 --hold 1 --start base-2-copy.ckpt --held-out held-mistakes.jsonl \
	--data novels.jsonl:0.14 --data talk.jsonl:0.14 --data modern.jsonl:0.12 \
	--data adapter-messages.jsonl:0.03 --data adapter-proofread.jsonl:0.32 \
	--data adapter-tone.jsonl:0.12 --data reply.jsonl:0.06 --data find.jsonl:0.07
part base-4-long 12000000 1024 6 --start base-3-all.ckpt --held-out held-mistakes.jsonl \
	--data novels.jsonl:0.14 --data talk.jsonl:0.14 --data modern.jsonl:0.12 \
	--data adapter-messages.jsonl:0.03 --data adapter-proofread.jsonl:0.30 \
	--data adapter-tone.jsonl:0.11 --data reply.jsonl:0.05 --data find.jsonl:0.04 \
	--data find-long.jsonl:0.05 --data minutes.jsonl:0.02

# Adapters are made for the base as it is shipped.
[ -e base.gguf ] || "$engine" quantize base-4-long.gguf --bits 6.5 --threads "$threads" \
	--data modern.jsonl --data adapter-proofread.jsonl --out base.gguf

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

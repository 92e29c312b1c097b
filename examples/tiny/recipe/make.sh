#!/bin/sh
# SPDX-License-Identifier: MIT
#
# make.sh BUILD DATA WORK [THREADS]: makes the tiny model in WORK, about an hour and a half with four
# threads to itself. What was made before is kept, and a run that was stopped goes on. TRIALS.md
# says why the base is made as it is, MODEL-CARD.md what came of it.
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

# part NAME SEED TOKENS CONTEXT ROWS OPTION…: one run of the base
part() {
	part=$1
	seed=$2
	tokens=$3
	context=$4
	rows=$5
	shift 5
	[ -e "$part.gguf" ] || "$engine" train-base --tokenizer tokenizer.gguf \
		--name 'assistantd tiny' --width 320 --layers 8 --heads 10 --kv-heads 5 --ffn 896 \
		--context "$context" --rows "$rows" --tokens "$tokens" --rate 0.008 --seed "$seed" \
		--threads "$threads" --checkpoint "$part.ckpt" --out "$part.gguf" "$@"
}

# Text; copying, which appears early or late and is what writing freely stands on; pairs at the
# full rate, then more text, for most tasks choose by how likely it is; long rows while the rate
# falls.
part base-1-text 11 1275000 256 24 --hold 1 --held-out held-text.jsonl \
	--data novels.jsonl:0.4 --data talk.jsonl:0.35 --data modern.jsonl:0.25
part base-2-copy 11 1500000 256 24 --hold 1 --start base-1-text.ckpt \
	--held-out held-mistakes.jsonl \
	--data novels.jsonl:0.1 --data talk.jsonl:0.15 --data modern.jsonl:0.15 \
	--data find.jsonl:0.2 --data adapter-proofread.jsonl:0.4
part base-3-pairs 11 7285000 256 24 --hold 1 --start base-2-copy.ckpt \
	--held-out held-mistakes.jsonl \
	--data novels.jsonl:0.14 --data talk.jsonl:0.14 --data modern.jsonl:0.12 \
	--data adapter-messages.jsonl:0.03 --data adapter-proofread.jsonl:0.32 \
	--data adapter-tone.jsonl:0.12 --data reply.jsonl:0.06 --data find.jsonl:0.07
part base-4-text 12 5085000 256 24 --hold 1 --start base-3-pairs.ckpt \
	--held-out held-mistakes.jsonl \
	--data novels.jsonl:0.17 --data talk.jsonl:0.22 --data modern.jsonl:0.17 \
	--data adapter-messages.jsonl:0.03 --data adapter-proofread.jsonl:0.20 \
	--data adapter-tone.jsonl:0.10 --data reply.jsonl:0.08 --data find.jsonl:0.03
part base-5-long 13 5620000 1024 6 --start base-4-text.ckpt --held-out held-mistakes.jsonl \
	--data novels.jsonl:0.17 --data talk.jsonl:0.22 --data modern.jsonl:0.17 \
	--data adapter-messages.jsonl:0.03 --data adapter-proofread.jsonl:0.18 \
	--data adapter-tone.jsonl:0.09 --data reply.jsonl:0.07 --data find.jsonl:0.02 \
	--data find-long.jsonl:0.03 --data minutes.jsonl:0.02

# Adapters are made for the base as it is shipped.
[ -e base.gguf ] || "$engine" quantize base-5-long.gguf --bits 6.5 --threads "$threads" \
	--data modern.jsonl --data adapter-proofread.jsonl --out base.gguf

# adapter NAME TASK TOKENS RATE OPTION…: one that is named, for it alone writes freely
adapter() {
	name=$1
	task=$2
	tokens=$3
	rate=$4
	shift 4
	[ -e "$name.gguf" ] || "$engine" train-lora base.gguf --name "$name" --task "$task" \
		--languages en --prompt '{{ text }}' --rank 16 --alpha 32 --context 1024 --rows 3 \
		--tokens "$tokens" --rate "$rate" --seed 3 --threads "$threads" \
		--data "adapter-$name.jsonl" --checkpoint "$name.ckpt" --out "$name.gguf" "$@"
}
adapter proofread proofread 400000 0.0008 --title 'Correct spelling and grammar'
adapter tone-friendly tone 400000 0.002 --style friendly --title 'Make it friendlier'
adapter tone-professional tone 400000 0.002 --style professional --title 'Make it professional'
adapter tone-concise tone 700000 0.002 --style concise --title 'Make it concise'
"$python" "$here/bare.py" proofread.gguf tone-friendly.gguf tone-professional.gguf tone-concise.gguf
"$python" "$here/catalog.py" "$build" .

EXTRA_DIST += tests/parity/parity.py
dist_check_SCRIPTS += tests/parity/arch.py tests/parity/chat.py tests/parity/peft.py tests/parity/quant.py tests/parity/stories.py \
	tests/parity/tokenizers.py

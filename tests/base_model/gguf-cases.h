/* SPDX-License-Identifier: MIT */
/*
 * Data table: malformed GGUF files in the words of assemble.h, the class of the defect and
 * the field that the verdict names. Numbers are those of the project's list of malformed
 * inputs; number 0 is a valid file, which shows that only the mutation is refused.
 */
#pragma once

#include "util/diag.h"

struct gguf_case {
	unsigned number;
	enum diag_code code;
	const char *field;
	const char *file;
};

#define HEAD(tensors, keys) "'GGUF' 4:3 8:" tensors " 8:" keys " "
#define ARCH "s:general.architecture 4:8 s:llama "
/* A file of one more pair, whose type and value are given. */
#define PAIR(key, value) HEAD("0", "2") ARCH "s:" key " " value " "
/* A file of one tensor: its entry after the name, and the data. */
#define ONE(info) HEAD("1", "1") ARCH "s:t " info " "
#define TWO(first, second) HEAD("2", "1") ARCH "s:a " first " s:b " second " p:32 "
/* Dimensions 8×2 of F32 at an offset: 64 bytes. */
#define F32_64(offset) "4:2 8:8 8:2 4:0 8:" offset
#define DATA64 "1:1 *64 "

static const struct gguf_case gguf_cases[] = {
	/* Valid. */
	{ 0, DIAG_NONE, "", HEAD("0", "1") ARCH },
	{ 0, DIAG_NONE, "", PAIR("k", "4:0 1:255") },
	{ 0, DIAG_NONE, "", PAIR("k", "4:7 1:1") },
	{ 0, DIAG_NONE, "", PAIR("k", "4:9 4:8 8:2 s:a s:") },
	{ 0, DIAG_NONE, "", PAIR("k", "4:9 4:5 8:3 4:-1 *3") },
	{ 0, DIAG_NONE, "", PAIR("general.alignment", "4:4 4:4096") },
	{ 0, DIAG_NONE, "", ONE(F32_64("0")) "p:32 " DATA64 },
	{ 0, DIAG_NONE, "", TWO(F32_64("0"), F32_64("64")) "1:1 *128" },
	{ 0, DIAG_NONE, "", TWO("4:1 8:1 4:0 8:0", "4:1 8:1 4:0 8:32") "4:7 p:32 4:7 p:32" },

	/* A. Header. */
	{ 2, DIAG_TRUNC, "magic", "'G'" },
	{ 2, DIAG_TRUNC, "magic", "'GG'" },
	{ 2, DIAG_TRUNC, "magic", "'GGU'" },
	{ 3, DIAG_TYPE, "magic", "'GGML' 4:3 8:0 8:0" },
	{ 3, DIAG_TYPE, "magic", "'FUGG' 4:3 8:0 8:0" },
	{ 4, DIAG_UNSUP, "version", "'GGUF' x:00000003 8:0 8:0" },
	{ 5, DIAG_UNSUP, "version", "'GGUF' 4:0 8:0 8:0" },
	{ 6, DIAG_UNSUP, "version", "'GGUF' 4:1 4:0 4:0" },
	{ 6, DIAG_UNSUP, "version", "'GGUF' 4:2 8:0 8:0" },
	{ 7, DIAG_UNSUP, "version", "'GGUF' 4:4 8:0 8:0" },
	{ 7, DIAG_UNSUP, "version", "'GGUF' 4:0xffffffff 8:0 8:0" },
	{ 8, DIAG_RANGE, "tensor count", HEAD("-1", "1") ARCH },
	{ 9, DIAG_RANGE, "tensor count", HEAD("0x1000000000000000", "0") },
	{ 10, DIAG_RANGE, "metadata count", HEAD("0", "-1") },
	{ 11, DIAG_RANGE, "metadata count", HEAD("0", "0x1000000000000000") },
	{ 12, DIAG_OVERFLOW, "metadata count", HEAD("0", "0x1fffffffffffffff") },
	{ 14, DIAG_LAYOUT, "data", HEAD("0", "0") "z:1" },
	{ 14, DIAG_LAYOUT, "data", HEAD("0", "0") DATA64 },

	/* B. Keys and values. */
	{ 15, DIAG_RANGE, "key", HEAD("0", "1") "8:0 4:0 1:0 z:1" },
	{ 15, DIAG_RANGE, "key", HEAD("0", "2") ARCH "s: 4:4 4:1" },
	{ 16, DIAG_OVERFLOW, "key", HEAD("0", "1") "8:-1 4:0 1:0 z:8" },
	{ 17, DIAG_TRUNC, "key", HEAD("0", "1") "8:17 z:16" },
	{ 17, DIAG_TRUNC, "key", HEAD("0", "1") "8:1000 z:999" },
	{ 18, DIAG_LIMIT, "key", HEAD("0", "1") "8:256 1:97 *256 4:0 1:0" },
	{ 19, DIAG_TYPE, "a", PAIR("a%00b", "4:0 1:0") },
	{ 20, DIAG_TYPE, "a\\xff", PAIR("a%ff", "4:0 1:0") },
	{ 20, DIAG_TYPE, "\\xc3", PAIR("%c3", "4:0 1:0") },
	{ 20, DIAG_TYPE, "a\\x1b[2J", PAIR("a%1b[2J", "4:0 1:0") },
	{ 20, DIAG_TYPE, "a\\x7f", PAIR("a%7f", "4:0 1:0") },
	{ 20, DIAG_TYPE, "a\\xc2\\x9b", PAIR("a%c2%9b", "4:0 1:0") },
	{ 20, DIAG_TYPE, "\\xed\\xa0\\x80", PAIR("%ed%a0%80", "4:0 1:0") },
	{ 21, DIAG_DUP, "k", HEAD("0", "3") ARCH "s:k 4:0 1:0 s:k 4:0 1:0" },
	{ 21, DIAG_DUP, "general.architecture", HEAD("0", "2") ARCH ARCH },
	{ 22, DIAG_DUP, "k", HEAD("0", "3") ARCH "s:k 4:0 1:0 s:k 4:6 4:0" },
	{ 24, DIAG_TYPE, "k", PAIR("k", "4:13 8:0") },
	{ 24, DIAG_TYPE, "k", PAIR("k", "4:-1 8:0") },
	{ 24, DIAG_TYPE, "k", PAIR("k", "4:0x80000000 8:0") },
	{ 25, DIAG_RANGE, "k", PAIR("k", "4:7 1:2") },
	{ 25, DIAG_RANGE, "k", PAIR("k", "4:7 1:255") },
	{ 25, DIAG_RANGE, "k", PAIR("k", "4:9 4:7 8:3 1:0 1:1 1:2") },
	{ 26, DIAG_TRUNC, "k", PAIR("k", "4:8 8:5 z:4") },
	{ 26, DIAG_TRUNC, "k", PAIR("k", "4:9 4:8 8:2 s:a 8:5 z:4") },
	{ 27, DIAG_OVERFLOW, "k", PAIR("k", "4:8 8:0x8000000000000000 z:4") },
	{ 27, DIAG_OVERFLOW, "k", PAIR("k", "4:9 4:8 8:1 8:-8 z:4") },
	{ 29, DIAG_UNSUP, "k", PAIR("k", "4:9 4:9 8:1 4:0 8:1 1:0") },
	{ 29, DIAG_UNSUP, "k", PAIR("k", "4:9 4:9 8:1 *10000") },
	{ 30, DIAG_OVERFLOW, "k", PAIR("k", "4:9 4:0 8:-1 z:16") },
	{ 30, DIAG_OVERFLOW, "k", PAIR("k", "4:9 4:10 8:0x2000000000000001 z:16") },
	{ 31, DIAG_RANGE, "k", PAIR("k", "4:9 4:8 8:0x100000000 z:16") },
	{ 32, DIAG_TYPE, "k", PAIR("k", "4:9 4:13 8:0x1000000000000000 z:16") },
	{ 32, DIAG_TYPE, "k", PAIR("k", "4:9 4:-1 8:0x1000000000000000 z:16") },
	{ 34, DIAG_TRUNC, "k", PAIR("k", "4:4 z:3") },
	{ 34, DIAG_TRUNC, "k", PAIR("k", "4:5 z:3") },
	{ 34, DIAG_TRUNC, "k", PAIR("k", "4:6 z:3") },
	{ 34, DIAG_TRUNC, "k", PAIR("k", "4:2 z:1") },
	{ 34, DIAG_TRUNC, "k", PAIR("k", "4:3 z:1") },
	{ 34, DIAG_TRUNC, "k", PAIR("k", "4:8 z:7") },
	{ 34, DIAG_TRUNC, "k", PAIR("k", "4:9 z:3") },
	{ 34, DIAG_TRUNC, "k", PAIR("k", "4:9 4:0 z:7") },
	{ 34, DIAG_TRUNC, "k", PAIR("k", "4:9 4:4 8:2 z:7") },
	{ 34, DIAG_TRUNC, "k", PAIR("k", "4:10 z:7") },
	{ 34, DIAG_TRUNC, "k", PAIR("k", "4:11 z:7") },
	{ 34, DIAG_TRUNC, "k", PAIR("k", "4:12 z:7") },
	{ 34, DIAG_TRUNC, "k", PAIR("k", "4:0") },
	{ 34, DIAG_TRUNC, "k", PAIR("k", "4:1") },
	{ 34, DIAG_TRUNC, "k", PAIR("k", "4:7") },

	/* C. Typed metadata of every file. */
	{ 35, DIAG_TYPE, "general.alignment", PAIR("general.alignment", "4:5 4:32") },
	{ 35, DIAG_TYPE, "general.alignment", PAIR("general.alignment", "4:10 8:32") },
	{ 35, DIAG_TYPE, "general.alignment", PAIR("general.alignment", "4:8 s:32") },
	{ 35, DIAG_TYPE, "general.alignment", PAIR("general.alignment", "4:9 4:4 8:1 4:32") },
	{ 36, DIAG_ALIGN, "general.alignment", PAIR("general.alignment", "4:4 4:0") },
	{ 37, DIAG_ALIGN, "general.alignment", PAIR("general.alignment", "4:4 4:3") },
	{ 37, DIAG_ALIGN, "general.alignment", PAIR("general.alignment", "4:4 4:13") },
	{ 37, DIAG_ALIGN, "general.alignment", PAIR("general.alignment", "4:4 4:48") },
	{ 38, DIAG_ALIGN, "general.alignment", PAIR("general.alignment", "4:4 4:0x80000000") },
	{ 38, DIAG_ALIGN, "general.alignment", PAIR("general.alignment", "4:4 4:8192") },
	{ 39, DIAG_ALIGN, "general.alignment", PAIR("general.alignment", "4:4 4:1") },
	{ 39, DIAG_ALIGN, "general.alignment", PAIR("general.alignment", "4:4 4:4") },
	{ 40, DIAG_UNSUP, "general.architecture", HEAD("0", "1") "s:general.name 4:8 s:x" },
	{ 40, DIAG_UNSUP, "general.architecture", HEAD("0", "0") },
	{ 41, DIAG_TYPE, "general.architecture", HEAD("0", "1") "s:general.architecture 4:4 4:1" },
	{ 41, DIAG_TYPE, "general.architecture",
	  HEAD("0", "1") "s:general.architecture 4:8 s:%1b[2J" },
	{ 41, DIAG_LIMIT, "general.architecture",
	  HEAD("0", "1") "s:general.architecture 4:8 8:1048576 1:97 *1048576" },
	{ 42, DIAG_TYPE, "general.type", PAIR("general.type", "4:4 4:1") },
	{ 42, DIAG_TYPE, "general.type", PAIR("general.type", "4:9 4:8 8:1 s:adapter") },

	/* D. Tensor table. */
	{ 53, DIAG_RANGE, "tensor name",
	  HEAD("1", "1") ARCH "8:64 1:97 *64 " F32_64("0") " p:32 " DATA64 },
	{ 53, DIAG_OVERFLOW, "tensor name",
	  HEAD("1", "1") ARCH "8:-1 1:97 *64 " F32_64("0") " p:32 " DATA64 },
	{ 54, DIAG_RANGE, "tensor name", HEAD("1", "1") ARCH "8:0 " F32_64("0") " p:32 " DATA64 },
	{ 54, DIAG_TYPE, "a", HEAD("1", "1") ARCH "s:a%00b " F32_64("0") " p:32 " DATA64 },
	{ 55, DIAG_DUP, "a",
	  HEAD("2", "1") ARCH "s:a " F32_64("0") " s:a " F32_64("64") " p:32 1:1 *128" },
	{ 56, DIAG_RANGE, "t", ONE("4:0 4:0 8:0") "z:64" },
	{ 56, DIAG_RANGE, "t", ONE("4:5 8:1 *5 4:0 8:0") "z:64" },
	{ 56, DIAG_RANGE, "t", ONE("4:-1 8:1 *5 4:0 8:0") "z:64" },
	{ 57, DIAG_RANGE, "t", ONE("4:1 8:-1 4:0 8:0") "p:32 z:64" },
	{ 57, DIAG_RANGE, "t", ONE("4:2 8:8 8:0x8000000000000000 4:0 8:0") "p:32 z:64" },
	{ 58, DIAG_RANGE, "t", ONE("4:4 8:0 8:1 8:1 8:1 4:0 8:0") "p:32 z:64" },
	{ 58, DIAG_RANGE, "t", ONE("4:4 8:1 8:0 8:1 8:1 4:0 8:0") "p:32 z:64" },
	{ 58, DIAG_RANGE, "t", ONE("4:4 8:1 8:1 8:0 8:1 4:0 8:0") "p:32 z:64" },
	{ 58, DIAG_RANGE, "t", ONE("4:4 8:1 8:1 8:1 8:0 4:0 8:0") "p:32 z:64" },
	{ 59, DIAG_OVERFLOW, "t",
	  ONE("4:3 8:4194305 8:4194305 8:211106198978564 4:0 8:0") "p:32 z:64" },
	{ 60, DIAG_OVERFLOW, "t", ONE("4:2 8:0x100000000 8:0x100000000 4:0 8:0") "p:32 z:64" },
	{ 60, DIAG_OVERFLOW, "t", ONE("4:2 8:0x200000000 8:0x80000000 4:0 8:0") "p:32 z:64" },
	{ 60, DIAG_OVERFLOW, "t", ONE("4:2 8:0x6000000000000000 8:8 4:0 8:0") "p:32 z:64" },
	{ 61, DIAG_OVERFLOW, "t", ONE("4:2 8:0x100000001 8:0xffffffff 4:0 8:0") "p:32 z:64" },
	/* 2^63 weights of a type that takes a fifth of a byte for each. */
	{ 61, DIAG_OVERFLOW, "t", ONE("4:2 8:0x4000000000000000 8:2 4:19 8:0") "p:32 z:64" },
	{ 62, DIAG_OVERFLOW, "t", ONE("4:1 8:0x2000000000000000 4:28 8:0") "p:32 z:64" },
	{ 62, DIAG_OVERFLOW, "t", ONE("4:1 8:0x7fffffffffffffe0 4:8 8:0") "p:32 z:64" },
	{ 63, DIAG_TYPE, "t", ONE("4:1 8:32 4:-1 8:0") "p:32 z:64" },
	{ 63, DIAG_TYPE, "t", ONE("4:1 8:32 4:4 8:0") "p:32 z:64" },
	{ 63, DIAG_TYPE, "t", ONE("4:1 8:32 4:5 8:0") "p:32 z:64" },
	{ 63, DIAG_TYPE, "t", ONE("4:1 8:32 4:31 8:0") "p:32 z:64" },
	{ 63, DIAG_TYPE, "t", ONE("4:1 8:32 4:1000 8:0") "p:32 z:64" },
	{ 63, DIAG_TYPE, "t", ONE("4:1 8:32 4:0x80000000 8:0") "p:32 z:64" },
	{ 64, DIAG_SHAPE, "t", ONE("4:1 8:33 4:2 8:0") "p:32 z:64" },
	{ 64, DIAG_SHAPE, "t", ONE("4:2 8:16 8:2 4:8 8:0") "p:32 z:64" },
	{ 64, DIAG_SHAPE, "t", ONE("4:2 8:128 8:2 4:12 8:0") "p:32 z:288" },
	{ 65, DIAG_OVERFLOW, "a",
	  TWO("4:1 8:0x7fffffffffffffc0 4:24 8:0",
	      "4:1 8:0x7fffffffffffffc0 4:24 8:0x7fffffffffffffc0") "z:64" },
	{ 65, DIAG_OVERFLOW, "b",
	  TWO("4:1 8:0x7ffffffffffff000 4:24 8:0",
	      "4:1 8:0x7ffffffffffff000 4:24 8:0x7ffffffffffff000") "z:64" },
	{ 66, DIAG_OVERFLOW, "a",
	  TWO("4:1 8:0x7fffffffffffffc0 4:24 8:0", "4:1 8:32 4:24 8:0x7fffffffffffffc0") "z:64" },
	{ 67, DIAG_OVERFLOW, "t", ONE("4:1 8:0x7fffffffffffffff 4:24 8:0") "p:32 z:64" },

	/* E. Data layout. */
	{ 73, DIAG_ALIGN, "t", ONE(F32_64("1")) "p:32 z:1 " DATA64 },
	{ 73, DIAG_ALIGN, "t", ONE(F32_64("16")) "p:32 z:16 " DATA64 },
	{ 73, DIAG_ALIGN, "b", TWO(F32_64("0"), F32_64("48")) "1:1 *128" },
	{ 74, DIAG_RANGE, "t", ONE(F32_64("96")) "p:32 " DATA64 },
	{ 74, DIAG_RANGE, "t", ONE(F32_64("0xffffffffffffffe0")) "p:32 " DATA64 },
	{ 75, DIAG_TRUNC, "t", ONE(F32_64("0")) "p:32 1:1 *63" },
	{ 76, DIAG_LAYOUT, "b", TWO(F32_64("0"), F32_64("32")) "1:1 *128" },
	{ 76, DIAG_LAYOUT, "b", TWO(F32_64("0"), F32_64("0")) "1:1 *64" },
	{ 76, DIAG_LAYOUT, "a", TWO(F32_64("64"), F32_64("0")) "1:1 *128" },
	{ 77, DIAG_LAYOUT, "t", ONE(F32_64("32")) "p:32 z:32 " DATA64 },
	{ 77, DIAG_LAYOUT, "b", TWO(F32_64("0"), F32_64("96")) "1:1 *64 z:32 1:1 *64" },
	{ 78, DIAG_RANGE, "a", TWO("4:1 8:0 4:0 8:0", F32_64("0")) "1:1 *64" },
	{ 79, DIAG_LAYOUT, "data", ONE(F32_64("0")) "1:1 p:32 " DATA64 },
	{ 79, DIAG_LAYOUT, "a",
	  TWO("4:1 8:1 4:0 8:0", "4:1 8:1 4:0 8:32") "4:7 1:1 p:32 4:7 p:32" },
	{ 79, DIAG_LAYOUT, "b",
	  TWO("4:1 8:1 4:0 8:0", "4:1 8:1 4:0 8:32") "4:7 p:32 4:7 1:1 p:32" },
	{ 80, DIAG_LAYOUT, "data", ONE(F32_64("0")) "p:32 " DATA64 "z:1" },
	{ 80, DIAG_LAYOUT, "data", ONE(F32_64("0")) "p:32 " DATA64 "'PK' x:0506 z:18" },
	{ 80, DIAG_LAYOUT, "data", HEAD("0", "1") ARCH "z:1" },
	{ 81, DIAG_TRUNC, "t", ONE(F32_64("0")) "p:32" },
	{ 81, DIAG_TRUNC, "t", ONE(F32_64("0")) "p:32 1:1" },
	{ 81, DIAG_TRUNC, "t", ONE(F32_64("0")) "p:32 1:1 *32" },
	{ 81, DIAG_TRUNC, "data", ONE(F32_64("0")) },
};

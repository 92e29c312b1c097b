/* SPDX-License-Identifier: MIT */
/* Two tiles of sixteen rows, which share every reading of the inputs. */
#pragma once

#define COUPLE 2

/* Where only one tile is left, both are that one. */
INLINE void couple_init(struct tile *tiles, const struct matrix *w, uint32_t first, uint32_t last)
{
	tile_init(&tiles[0], w, first, last);
	tile_init(&tiles[1], w, first + LANE_ROWS < last ? first + LANE_ROWS : first, last);
	if (first + COUPLE * LANE_ROWS < last) {
		tiles[0].next = w->data + (first + 2 * LANE_ROWS) * w->row_size;
		tiles[1].next = tiles[0].next + LANE_ROWS * w->row_size;
	} else if (w->ahead) {
		tiles[0].next = w->ahead;
		tiles[1].next = w->ahead + LANE_ROWS * w->row_size;
	}
	tile_find_pages(&tiles[0], w);
	tile_find_pages(&tiles[1], w);
}

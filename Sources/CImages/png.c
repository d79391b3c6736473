#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"

typedef struct {
  const uint8_t *bytes;
  size_t count, position;
  png_structp png;
  png_infop info;
  uint8_t *rows;
  CIBytes *file;
  size_t capacity;
  CIFault *fault;
} State;

static void failed(png_structp png, png_const_charp message) {
  State *state = png_get_error_ptr(png);
  ci_fail(state->fault, -1, message);
  png_longjmp(png, 1);
}

static void warned(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

static void read_bytes(png_structp png, png_bytep target, size_t count) {
  State *state = png_get_io_ptr(png);
  if (count > state->count - state->position) png_error(png, "it ends too early");
  memcpy(target, state->bytes + state->position, count);
  state->position += count;
}

// MARK: Rows as they are stored to rows of bytes

static unsigned word(const uint8_t *at) { return (unsigned)at[0] << 8 | at[1]; }

/// 65535 becomes 255: a division by 257, which has no ties.
static uint8_t from_word(unsigned value) { return (uint8_t)((value + 128) / 257); }

/// v a + b (1 - a) of 16 bits, rounded to 8 but once.
static uint8_t word_over(unsigned value, unsigned alpha, unsigned background) {
  const uint64_t scale = 65535 * 257;
  uint64_t sum = (uint64_t)value * alpha + (uint64_t)(background * 257) * (65535 - alpha);
  return (uint8_t)((sum + scale / 2) / scale);
}

typedef struct {
  /// Colours of a palette over the background.
  uint8_t palette[256][3];
  int is_palette, depth;
  /// With alpha, and without.
  int stored, channels;
  uint8_t background[3];
} Kind;

static void convert(const Kind *kind, const uint8_t *row, size_t width, uint8_t *out) {
  const int stored = kind->stored, channels = kind->channels;
  if (kind->is_palette) {
    for (size_t x = 0; x < width; x++) memcpy(out + 3 * x, kind->palette[row[x]], 3);
  } else if (kind->depth == 8 && stored == channels) {
    memcpy(out, row, width * (size_t)channels);
  } else if (kind->depth == 8) {
    for (size_t x = 0; x < width; x++, row += stored, out += channels)
      for (int c = 0; c < channels; c++) out[c] = ci_over(row[c], row[channels], kind->background[c]);
  } else if (stored == channels) {
    for (size_t i = 0; i < width * (size_t)channels; i++) out[i] = from_word(word(row + 2 * i));
  } else {
    for (size_t x = 0; x < width; x++, row += 2 * stored, out += channels)
      for (int c = 0; c < channels; c++)
        out[c] = word_over(word(row + 2 * c), word(row + 2 * channels), kind->background[c]);
  }
}

static void find_kind(State *state, int colour, int channels, const uint8_t background[3], Kind *kind) {
  png_structp png = state->png;
  kind->is_palette = colour == PNG_COLOR_TYPE_PALETTE;
  kind->channels = channels;
  memcpy(kind->background, background, 3);
  if (!kind->is_palette) return;
  // What lies beyond the palette's end is black.
  memset(kind->palette, 0, sizeof kind->palette);
  png_colorp colours = NULL;
  png_bytep alphas = NULL;
  int count = 0, transparent = 0;
  png_get_PLTE(png, state->info, &colours, &count);
  png_get_tRNS(png, state->info, &alphas, &transparent, NULL);
  for (int i = 0; i < count && i < 256; i++) {
    unsigned alpha = alphas && i < transparent ? alphas[i] : 255;
    kind->palette[i][0] = ci_over(colours[i].red, alpha, background[0]);
    kind->palette[i][1] = ci_over(colours[i].green, alpha, background[1]);
    kind->palette[i][2] = ci_over(colours[i].blue, alpha, background[2]);
  }
}

static void decode(State *state, uint32_t width, uint32_t height, int channels, const uint8_t background[3],
                   uint8_t *samples) {
  // Neither read nor unpacked: gamma and profiles never change a sample, and nobody asks for texts.
  static const png_byte ignored[] =
      "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0iCCP\0iTXt\0oFFs\0pCAL\0pHYs\0sBIT\0sCAL\0sPLT\0sRGB\0tEXt\0tIME\0zTXt";
  png_structp png = state->png;
  png_set_read_fn(png, state, read_bytes);
  // A damaged tRNS must not be passed over as if there were none.
  png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, ignored, sizeof ignored / 5);
  png_set_user_limits(png, width, height);
  png_read_info(png, state->info);
  const int colour = png_get_color_type(png, state->info);
  const int wanted = colour == PNG_COLOR_TYPE_GRAY || colour == PNG_COLOR_TYPE_GRAY_ALPHA ? 1 : 3;
  if (png_get_image_width(png, state->info) != width || png_get_image_height(png, state->info) != height ||
      wanted != channels)
    png_error(png, "it has two headers");
  if (colour == PNG_COLOR_TYPE_PALETTE) {
    png_set_packing(png);
  } else {
    if (colour == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(png);
    if (png_get_valid(png, state->info, PNG_INFO_tRNS)) png_set_tRNS_to_alpha(png);
  }
  const int passes = png_set_interlace_handling(png);
  Kind kind;
  find_kind(state, colour, channels, background, &kind);
  png_read_update_info(png, state->info);
  kind.depth = png_get_bit_depth(png, state->info);
  kind.stored = png_get_channels(png, state->info);
  const size_t row_bytes = png_get_rowbytes(png, state->info), out_bytes = (size_t)width * (size_t)channels;
  state->rows = calloc(passes == 1 ? 1 : height, row_bytes);
  if (!state->rows) png_error(png, "there is no memory for it");
  if (passes == 1) {
    for (uint32_t y = 0; y < height; y++) {
      png_read_row(png, state->rows, NULL);
      convert(&kind, state->rows, width, samples + y * out_bytes);
    }
  } else {
    for (int pass = 0; pass < passes; pass++)
      for (uint32_t y = 0; y < height; y++) png_read_row(png, state->rows + y * row_bytes, NULL);
    for (uint32_t y = 0; y < height; y++)
      convert(&kind, state->rows + y * row_bytes, width, samples + y * out_bytes);
  }
  png_read_end(png, NULL);
}

int ci_png_decode(const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, int channels,
                  const uint8_t background[3], uint8_t *samples, CIFault *fault) {
  // Everything that is changed on the way is in here: a longjmp leaves local variables undefined.
  State *state = calloc(1, sizeof *state);
  if (!state) return ci_fail(fault, -1, "there is no memory for it");
  state->bytes = bytes;
  state->count = count;
  state->fault = fault;
  int done = 0;
  state->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, state, failed, warned);
  state->info = state->png ? png_create_info_struct(state->png) : NULL;
  if (!state->info) {
    ci_fail(fault, -1, "there is no memory for it");
  } else if (!setjmp(png_jmpbuf(state->png))) {
    decode(state, width, height, channels, background, samples);
    done = 1;
  }
  png_destroy_read_struct(&state->png, &state->info, NULL);
  free(state->rows);
  free(state);
  return done;
}

// MARK: Encoding

static void write_bytes(png_structp png, png_bytep source, size_t count) {
  State *state = png_get_io_ptr(png);
  CIBytes *file = state->file;
  if (count > state->capacity - file->count) {
    size_t capacity = 2 * state->capacity + count;
    uint8_t *larger = realloc(file->bytes, capacity);
    if (!larger) png_error(png, "there is no memory for it");
    file->bytes = larger;
    state->capacity = capacity;
  }
  memcpy(file->bytes + file->count, source, count);
  file->count += count;
}

static void flush(png_structp png) { (void)png; }

int ci_png_encode(const uint8_t *samples, uint32_t width, uint32_t height, int channels, int level, int filtered,
                  CIBytes *file, CIFault *fault) {
  State *state = calloc(1, sizeof *state);
  if (!state) return ci_fail(fault, -1, "there is no memory for it");
  state->file = file;
  state->fault = fault;
  *file = (CIBytes){NULL, 0};
  int done = 0;
  state->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, state, failed, warned);
  state->info = state->png ? png_create_info_struct(state->png) : NULL;
  if (!state->info) {
    ci_fail(fault, -1, "there is no memory for it");
  } else if (!setjmp(png_jmpbuf(state->png))) {
    png_structp png = state->png;
    png_set_write_fn(png, state, write_bytes, flush);
    png_set_IHDR(png, state->info, width, height, 8, channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(png, level);
    if (!filtered) png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB);
    png_write_info(png, state->info);
    for (uint32_t y = 0; y < height; y++) png_write_row(png, samples + (size_t)y * width * (size_t)channels);
    png_write_end(png, NULL);
    done = 1;
  }
  png_destroy_write_struct(&state->png, &state->info);
  if (!done) {
    free(file->bytes);
    *file = (CIBytes){NULL, 0};
  }
  free(state);
  return done;
}

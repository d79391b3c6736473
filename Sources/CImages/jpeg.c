#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "fault.h"

/// More scans than any encoder makes of a picture: each costs time for the whole of it, however few bytes it has.
enum { most_scans = 200 };

typedef struct {
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  struct jpeg_decompress_struct decoder;
  struct jpeg_compress_struct encoder;
  const uint8_t *bytes;
  uint8_t *row;
  unsigned char *written;
  unsigned long written_count;
  CIFault *fault;
  jmp_buf jump;
} State;

static void failed(j_common_ptr codec) {
  State *state = codec->client_data;
  char message[JMSG_LENGTH_MAX];
  codec->err->format_message(codec, message);
  int64_t offset = -1;
  if (codec->is_decompressor) {
    const struct jpeg_source_mgr *source = state->decoder.src;
    // What the library puts in the place of a missing end lies elsewhere.
    if (source && source->next_input_byte) {
      uintptr_t at = (uintptr_t)source->next_input_byte, start = (uintptr_t)state->bytes;
      offset = at >= start ? (int64_t)(at - start) : -1;
    }
  }
  ci_fail(state->fault, offset, message);
  longjmp(state->jump, 1);
}

/// Of what the library calls warnings, those after which pixels are made up are faults here.
static void warned(j_common_ptr codec, int level) {
  if (level >= 0) return;
  switch (codec->err->msg_code) {
  case JWRN_ADOBE_XFORM:
  case JWRN_EXTRANEOUS_DATA:
  case JWRN_JFIF_MAJOR:
  case JWRN_NOT_SEQUENTIAL:
  case JWRN_TOO_MUCH_DATA: return;
  default: failed(codec);
  }
}

static void silent(j_common_ptr codec) { (void)codec; }

static void count_scans(j_common_ptr codec) {
  State *state = codec->client_data;
  if (codec->is_decompressor && state->decoder.input_scan_number > most_scans) {
    ci_fail(state->fault, -1, "it has more than 200 scans");
    longjmp(state->jump, 1);
  }
}

static State *new_state(CIFault *fault) {
  State *state = calloc(1, sizeof *state);
  if (!state) {
    ci_fail(fault, -1, "there is no memory for it");
    return NULL;
  }
  state->fault = fault;
  jpeg_std_error(&state->errors);
  state->errors.error_exit = failed;
  state->errors.emit_message = warned;
  state->errors.output_message = silent;
  state->progress.progress_monitor = count_scans;
  state->decoder.err = state->encoder.err = &state->errors;
  state->decoder.client_data = state->encoder.client_data = state;
  return state;
}

/// What remains of white after inks of which 255 is none: the product, rounded.
static uint8_t inked(unsigned colour, unsigned black) { return (uint8_t)((colour * black + 127) / 255); }

static int decode(State *state, size_t count, uint32_t width, uint32_t height, int channels, int denominator,
                  uint8_t *samples) {
  struct jpeg_decompress_struct *decoder = &state->decoder;
  jpeg_create_decompress(decoder);
  decoder->client_data = state;
  decoder->progress = &state->progress;
  jpeg_mem_src(decoder, state->bytes, (unsigned long)count);
  jpeg_read_header(decoder, TRUE);
  const int has_inks = decoder->num_components == 4;
  decoder->out_color_space = has_inks ? JCS_CMYK : channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  decoder->scale_num = 1;
  decoder->scale_denom = (unsigned)denominator;
  decoder->dct_method = JDCT_ISLOW;
  jpeg_calc_output_dimensions(decoder);
  if (decoder->output_width != width || decoder->output_height != height ||
      (decoder->num_components == 1 ? 1 : 3) != channels)
    return ci_fail(state->fault, 2, "it has two headers");
  jpeg_start_decompress(decoder);
  if (has_inks) {
    state->row = malloc((size_t)width * 4);
    if (!state->row) return ci_fail(state->fault, -1, "there is no memory for it");
  }
  const unsigned flip = decoder->saw_Adobe_marker ? 0 : 255;
  while (decoder->output_scanline < height) {
    uint8_t *out = samples + (size_t)decoder->output_scanline * width * (size_t)channels;
    uint8_t *row = has_inks ? state->row : out;
    jpeg_read_scanlines(decoder, &row, 1);
    if (!has_inks) continue;
    for (size_t x = 0; x < width; x++)
      for (int c = 0; c < 3; c++) out[3 * x + (size_t)c] = inked(row[4 * x + (size_t)c] ^ flip, row[4 * x + 3] ^ flip);
  }
  jpeg_finish_decompress(decoder);
  return 1;
}

int ci_jpeg_decode(const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, int channels, int denominator,
                   uint8_t *samples, CIFault *fault) {
  State *state = new_state(fault);
  if (!state) return 0;
  state->bytes = bytes;
  int done = 0;
  if (!setjmp(state->jump)) done = decode(state, count, width, height, channels, denominator, samples);
  jpeg_destroy_decompress(&state->decoder);
  free(state->row);
  free(state);
  return done;
}

static void encode(State *state, const uint8_t *samples, uint32_t width, uint32_t height, int channels, int quality) {
  struct jpeg_compress_struct *encoder = &state->encoder;
  jpeg_create_compress(encoder);
  encoder->client_data = state;
  jpeg_mem_dest(encoder, &state->written, &state->written_count);
  encoder->image_width = width;
  encoder->image_height = height;
  encoder->input_components = channels;
  encoder->in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(encoder);
  jpeg_set_quality(encoder, quality, TRUE);
  encoder->dct_method = JDCT_ISLOW;
  jpeg_start_compress(encoder, TRUE);
  while (encoder->next_scanline < height) {
    JSAMPROW row = (JSAMPROW)(samples + (size_t)encoder->next_scanline * width * (size_t)channels);
    jpeg_write_scanlines(encoder, &row, 1);
  }
  jpeg_finish_compress(encoder);
}

int ci_jpeg_encode(const uint8_t *samples, uint32_t width, uint32_t height, int channels, int quality, CIBytes *file,
                   CIFault *fault) {
  *file = (CIBytes){NULL, 0};
  State *state = new_state(fault);
  if (!state) return 0;
  int done = 0;
  if (!setjmp(state->jump)) {
    encode(state, samples, width, height, channels, quality);
    *file = (CIBytes){state->written, state->written_count};
    state->written = NULL;
    done = 1;
  }
  jpeg_destroy_compress(&state->encoder);
  free(state->written);
  free(state);
  return done;
}

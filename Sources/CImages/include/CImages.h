// A C face for libpng, libjpeg and libwebp, whose errors are longjmps or codes, and our own resizing kernel.
//
// A function that can fail returns 1 when it has done its work, and 0 when it has not: then the fault says why. Samples
// are bytes, rows from the top, 1 or 3 channels beside each other.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Why something failed: a clause, and the byte of the input at which it was noticed, or -1.
typedef struct {
  char reason[256];
  int64_t offset;
} CIFault;

/// Bytes that were written, from malloc.
typedef struct {
  uint8_t *bytes;
  size_t count;
} CIBytes;

/// Decodes a PNG file whose header says width, height, and channels (1 for grey with or without alpha, else 3). Sixteen
/// bits become eight by rounding, what is transparent is laid over the background. No chunk but IHDR, PLTE, tRNS and
/// IDAT has any influence.
int ci_png_decode(const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, int channels,
                  const uint8_t background[3], uint8_t *samples, CIFault *fault);
/// Encodes a PNG file. level is zlib's, 0 ... 9; filtered tells whether rows are filtered by libpng's heuristics or by
/// the difference to the left alone.
int ci_png_encode(const uint8_t *samples, uint32_t width, uint32_t height, int channels, int level, int filtered,
                  CIBytes *file, CIFault *fault);

/// Decodes a JPEG file of the size that its header says divided by denominator (1, 2, 4 or 8, by libjpeg's smaller
/// inverse transforms) and rounded up. CMYK and YCCK become RGB: inverted where the file has Adobe's marker, as Adobe
/// writes them.
int ci_jpeg_decode(const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, int channels, int denominator,
                   uint8_t *samples, CIFault *fault);
/// Encodes a JPEG file; quality is libjpeg's, 1 ... 100.
int ci_jpeg_encode(const uint8_t *samples, uint32_t width, uint32_t height, int channels, int quality, CIBytes *file,
                   CIFault *fault);

/// Decodes a WebP file of three channels that is not animated.
int ci_webp_decode(const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, const uint8_t background[3],
                   uint8_t *samples, CIFault *fault);
/// Decodes frame `index` of an animated WebP file as it is shown, and says when it ends, in milliseconds from the
/// beginning.
int ci_webp_frame(const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, const uint8_t background[3],
                  int index, uint8_t *samples, int *end, CIFault *fault);
/// Encodes a WebP file. quality is libwebp's, 0 ... 100; where lossless is not 0 it is the effort instead.
int ci_webp_encode(const uint8_t *samples, uint32_t width, uint32_t height, int channels, float quality, int lossless,
                   CIBytes *file, CIFault *fault);
/// Encodes frames of one size, one after the other in samples, each shown so many milliseconds; loops 0 is for ever.
int ci_webp_animate(const uint8_t *samples, int frames, uint32_t width, uint32_t height, int channels, int milliseconds,
                    int loops, float quality, int lossless, CIBytes *file, CIFault *fault);

typedef enum { ci_box, ci_bilinear, ci_bicubic, ci_lanczos } CIFilter;
/// What of a processor the resizing kernel uses.
typedef enum { ci_baseline, ci_avx2, ci_avx512 } CILevel;

/// The highest level that this processor has.
CILevel ci_highest_level(void);
/// The level of that name; the highest where there is no name, or one that the processor has not, of which standard
/// error then tells.
CILevel ci_level_named(const char *name);
/// The level that is used where none is asked for: of the name in SWIFT_GAN_CPU, which is looked at once.
CILevel ci_level(void);
/// Resizes what lies within the box (left, top, right, bottom, in pixels; within the picture and not empty). Returns 0
/// only where there is no memory. The samples are the same at every level.
int ci_resize(const uint8_t *samples, int width, int height, int channels, const float box[4], int new_width,
              int new_height, CIFilter filter, CILevel level, uint8_t *resized);

#ifdef __cplusplus
}
#endif

#include <stdlib.h>
#include <string.h>
#include <webp/decode.h>
#include <webp/demux.h>
#include <webp/encode.h>
#include <webp/mux.h>

#include "fault.h"

static const char no_memory[] = "there is no memory for it";

static const char *reason_of(VP8StatusCode status) {
  switch (status) {
  case VP8_STATUS_OUT_OF_MEMORY: return no_memory;
  case VP8_STATUS_BITSTREAM_ERROR: return "its pixels cannot be decoded";
  case VP8_STATUS_UNSUPPORTED_FEATURE: return "it has a feature that libwebp does not know";
  case VP8_STATUS_SUSPENDED:
  case VP8_STATUS_NOT_ENOUGH_DATA: return "it ends too early";
  default: return "libwebp gives no reason";
  }
}

static void lay_over(const uint8_t *colours, size_t pixels, const uint8_t background[3], uint8_t *samples) {
  for (size_t i = 0; i < pixels; i++)
    for (size_t c = 0; c < 3; c++)
      samples[3 * i + c] = ci_over(colours[4 * i + c], colours[4 * i + 3], background[c]);
}

int ci_webp_decode(const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, const uint8_t background[3],
                   uint8_t *samples, CIFault *fault) {
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config)) return ci_fail(fault, -1, "libwebp is another one than it was built with");
  VP8StatusCode status = WebPGetFeatures(bytes, count, &config.input);
  if (status != VP8_STATUS_OK) return ci_fail(fault, -1, reason_of(status));
  if ((uint32_t)config.input.width != width || (uint32_t)config.input.height != height)
    return ci_fail(fault, -1, "its parts are of different sizes");
  const size_t pixels = (size_t)width * height;
  const int with_alpha = config.input.has_alpha;
  uint8_t *target = with_alpha ? malloc(4 * pixels) : samples;
  if (!target) return ci_fail(fault, -1, no_memory);
  config.output.colorspace = with_alpha ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = target;
  config.output.u.RGBA.stride = (int)width * (with_alpha ? 4 : 3);
  config.output.u.RGBA.size = pixels * (with_alpha ? 4 : 3);
  status = WebPDecode(bytes, count, &config);
  WebPFreeDecBuffer(&config.output);
  if (with_alpha) {
    if (status == VP8_STATUS_OK) lay_over(target, pixels, background, samples);
    free(target);
  }
  return status == VP8_STATUS_OK ? 1 : ci_fail(fault, -1, reason_of(status));
}

int ci_webp_frame(const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, const uint8_t background[3],
                  int index, uint8_t *samples, int *end, CIFault *fault) {
  WebPData data = {bytes, count};
  WebPAnimDecoderOptions options;
  if (!WebPAnimDecoderOptionsInit(&options)) return ci_fail(fault, -1, "libwebp is another one than it was built with");
  WebPAnimDecoder *decoder = WebPAnimDecoderNew(&data, &options);
  if (!decoder) return ci_fail(fault, -1, "its frames cannot be told apart");
  WebPAnimInfo info;
  uint8_t *canvas = NULL;
  int done = WebPAnimDecoderGetInfo(decoder, &info) && info.canvas_width == width && info.canvas_height == height;
  for (int frame = 0; done && frame <= index; frame++)
    done = WebPAnimDecoderHasMoreFrames(decoder) && WebPAnimDecoderGetNext(decoder, &canvas, end);
  if (done) lay_over(canvas, (size_t)width * height, background, samples);
  WebPAnimDecoderDelete(decoder);
  return done ? 1 : ci_fail(fault, -1, "a frame of it cannot be decoded");
}

// MARK: Encoding

static int configure(WebPConfig *config, float quality, int lossless) {
  if (!WebPConfigInit(config)) return 0;
  config->quality = quality;
  config->lossless = lossless != 0;
  return WebPValidateConfig(config);
}

/// A picture of the samples; grey ones three times each.
static int import(WebPPicture *picture, const uint8_t *samples, uint32_t width, uint32_t height, int channels) {
  if (!WebPPictureInit(picture)) return 0;
  picture->width = (int)width;
  picture->height = (int)height;
  picture->use_argb = 1;
  if (channels == 3) return WebPPictureImportRGB(picture, samples, (int)width * 3);
  if (!WebPPictureAlloc(picture)) return 0;
  for (uint32_t y = 0; y < height; y++)
    for (uint32_t x = 0; x < width; x++)
      picture->argb[(size_t)y * (size_t)picture->argb_stride + x] =
          0xFF000000u | 0x010101u * samples[(size_t)y * width + x];
  return 1;
}

int ci_webp_encode(const uint8_t *samples, uint32_t width, uint32_t height, int channels, float quality, int lossless,
                   CIBytes *file, CIFault *fault) {
  *file = (CIBytes){NULL, 0};
  WebPConfig config;
  WebPPicture picture;
  if (!configure(&config, quality, lossless)) return ci_fail(fault, -1, "libwebp refuses the quality");
  if (!import(&picture, samples, width, height, channels)) {
    WebPPictureFree(&picture);
    return ci_fail(fault, -1, no_memory);
  }
  WebPMemoryWriter writer;
  WebPMemoryWriterInit(&writer);
  picture.writer = WebPMemoryWrite;
  picture.custom_ptr = &writer;
  int done = WebPEncode(&config, &picture);
  if (!done) {
    char reason[64];
    snprintf(reason, sizeof reason, "libwebp's error %d", (int)picture.error_code);
    ci_fail(fault, -1, reason);
  }
  WebPPictureFree(&picture);
  if (done) {
    // Not libwebp's own memory, which only it may free.
    file->bytes = malloc(writer.size ? writer.size : 1);
    if (file->bytes) {
      memcpy(file->bytes, writer.mem, writer.size);
      file->count = writer.size;
    } else {
      done = ci_fail(fault, -1, no_memory);
    }
  }
  WebPMemoryWriterClear(&writer);
  return done;
}

int ci_webp_animate(const uint8_t *samples, int frames, uint32_t width, uint32_t height, int channels, int milliseconds,
                    int loops, float quality, int lossless, CIBytes *file, CIFault *fault) {
  *file = (CIBytes){NULL, 0};
  WebPConfig config;
  WebPAnimEncoderOptions options;
  if (!configure(&config, quality, lossless) || !WebPAnimEncoderOptionsInit(&options))
    return ci_fail(fault, -1, "libwebp refuses the quality");
  options.anim_params.loop_count = loops;
  WebPAnimEncoder *encoder = WebPAnimEncoderNew((int)width, (int)height, &options);
  if (!encoder) return ci_fail(fault, -1, no_memory);
  const size_t size = (size_t)width * height * (size_t)channels;
  int done = 1;
  for (int frame = 0; done && frame < frames; frame++) {
    WebPPicture picture;
    done = import(&picture, samples + size * (size_t)frame, width, height, channels) &&
           WebPAnimEncoderAdd(encoder, &picture, frame * milliseconds, &config);
    WebPPictureFree(&picture);
  }
  WebPData data;
  WebPDataInit(&data);
  done = done && WebPAnimEncoderAdd(encoder, NULL, frames * milliseconds, NULL) &&
         WebPAnimEncoderAssemble(encoder, &data);
  if (done) {
    file->bytes = malloc(data.size ? data.size : 1);
    if (file->bytes) {
      memcpy(file->bytes, data.bytes, data.size);
      file->count = data.size;
    } else {
      done = ci_fail(fault, -1, no_memory);
    }
  } else {
    ci_fail(fault, -1, WebPAnimEncoderGetError(encoder));
  }
  WebPDataClear(&data);
  WebPAnimEncoderDelete(encoder);
  return done;
}

// Constants of activation-inl.h. The polynomials were fitted for this library by Remez exchange in 60 digits, with
// relative errors below u/2, u = 2^-24 or 2^-53, before their coefficients were rounded. All are positive, so that sums
// over a positive argument lose nothing to cancellation.
#pragma once

#include <cstdint>

namespace fathom::kernel {

// tanh(x) = x P(x^2) / Q(x^2) for |x| <= kBound; beyond, 1 - |tanh x| < u/2.
template <class T>
struct TanhConstants;
template <>
struct TanhConstants<float> {
  static constexpr float kBound = 9.02f, kTop = 1;
  static constexpr float kP[] = {1, 0.133826867f, 0.00349745643f, 2.06358018e-05f, 1.33842635e-08f};
  static constexpr float kQ[] = {1, 0.467160076f, 0.0258843563f, 0.000328851544f, 7.79023765e-07f};
};
template <>
struct TanhConstants<double> {
  static constexpr double kBound = 19.1, kTop = 1;
  static constexpr double kP[] = {1,
                                  0.15267978717570846,
                                  0.0061064402243864811,
                                  9.867583508274483e-05,
                                  7.5920865507477281e-07,
                                  2.956849452363839e-09,
                                  5.806001709781331e-12,
                                  5.3612232994618393e-15,
                                  1.9570070013389998e-18,
                                  1.8118442002805012e-22};
  static constexpr double kQ[] = {1,
                                  0.48601312050904177,
                                  0.034777480394067153,
                                  0.00085767386682011307,
                                  9.444095099926184e-06,
                                  5.1529765069244255e-08,
                                  1.4310834203768531e-10,
                                  1.9534861639487567e-13,
                                  1.1705789880245248e-16,
                                  2.3532330754870612e-20,
                                  6.7068319914488957e-25};
};

// Phi(x) - 1/2 = erf(x / sqrt 2) / 2 = x P(x^2) / Q(x^2) for |x| <= kBound; beyond, it is 1/2 to u/4.
template <class T>
struct NormalConstants;
template <>
struct NormalConstants<float> {
  static constexpr float kBound = 5.6f, kTop = 0.5f;
  static constexpr float kP[] = {0.398942292f,    0.033828605f,    0.00467065396f,
                                 0.000167832259f, 6.27565942e-06f, 2.23358576e-08f};
  static constexpr float kQ[] = {1, 0.251462191f, 0.0286186598f, 0.00187933992f, 7.29570602e-05f, 1.17972775e-06f};
};
template <>
struct NormalConstants<double> {
  static constexpr double kBound = 8.42, kTop = 0.5;
  static constexpr double kP[] = {0.3989422804014327,     0.038981925634545354,   0.0058496259548954013,
                                  0.00030529348418384508, 1.8943356472647853e-05, 6.3139681845006503e-07,
                                  2.1604997492237831e-08, 4.7001571819985983e-10, 9.3601510691101587e-12,
                                  1.1911824132708383e-13, 1.1496256173633053e-15, 3.8124504945499717e-18,
                                  1.3387126116591659e-21};
  static constexpr double kQ[] = {1,
                                  0.26437986366178018,
                                  0.033726148424860214,
                                  0.0027529759016176737,
                                  0.00016065253977062626,
                                  7.084583867776342e-06,
                                  2.4291873146509786e-07,
                                  6.5456023437765149e-09,
                                  1.3778901853229831e-10,
                                  2.202688992008493e-12,
                                  2.4927761749515291e-14,
                                  1.6119458501376898e-16,
                                  2.1376088782974697e-19};
};

// e^x = 2^n (1 + r + r^2 P(r)), n = round(x / ln 2), r = x - n ln 2 in [-ln 2 / 2, ln 2 / 2]. kLnHigh has so few bits
// that n kLnHigh is exact. Adding kRound leaves n in the lowest bits of the sum.
template <class T>
struct ExpConstants;
template <>
struct ExpConstants<float> {
  static constexpr float kP[] = {0.5f, 0.166665763f, 0.0416665561f, 0.00836317893f, 0.0013926184f};
  static constexpr float kPerLn = 1.44269504f, kLnHigh = 0.693359375f, kLnLow = -2.12194440e-4f;
  static constexpr float kRound = 0x1.8p23f;
  static constexpr std::uint32_t kRoundBits = 0x4B400000, kBias = 127;
  static constexpr int kMantissa = 23;
  static constexpr float kLeast = -104, kMost = 89;  // e^x rounds to 0 below, to infinity above
};
template <>
struct ExpConstants<double> {
  static constexpr double kP[] = {0.5,
                                  0.16666666666666669,
                                  0.041666666666624129,
                                  0.0083333333333300615,
                                  0.0013888888917213717,
                                  0.00019841269863053618,
                                  2.4801521295954376e-05,
                                  2.7557268459997064e-06,
                                  2.7620088445409746e-07,
                                  2.510038549551032e-08};
  static constexpr double kPerLn = 1.4426950408889634, kLnHigh = 0.693145751953125, kLnLow = 1.42860682030941723212e-6;
  static constexpr double kRound = 0x1.8p52;
  static constexpr std::uint64_t kRoundBits = 0x4338000000000000, kBias = 1023;
  static constexpr int kMantissa = 52;
  static constexpr double kLeast = -746, kMost = 710;
};

}  // namespace fathom::kernel

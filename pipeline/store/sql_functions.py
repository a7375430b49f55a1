"""The functions that a person's SQL may call. What is not here is refused, so a function new in ClickHouse is too.

Chosen: functions of their arguments alone. Left out: whatever reads files, settings, dictionaries, other queries or
the host (``file``, ``getSetting``, ``dictGet``, ``hostName``), calls out (``ai…``), waits (``sleep``), raises
(``throwIf``), takes another function's name as text (``arrayReduce``, ``initializeAggregation``) or parses foreign
formats.
"""

from __future__ import annotations

_OPERATORS = """
    plus minus multiply divide modulo negate intDiv intDivOrZero moduloOrZero positiveModulo abs gcd lcm
    equals notEquals less greater lessOrEquals greaterOrEquals isDistinctFrom isNotDistinctFrom
    and or not xor like ilike notLike notILike in notIn nullIn notNullIn exists
    tuple array map tupleElement arrayElement arrayElementOrNull lambda
    if multiIf caseWithExpression caseWithExpr caseWithoutExpression caseWithoutExpr
    isNull isNotNull ifNull nullIf coalesce assumeNotNull toNullable isNullable isZeroOrNull greatest least clamp
    CAST _CAST accurateCast accurateCastOrNull accurateCastOrDefault identity materialize
"""
_TYPES = """
    toString toBool toUUID toUUIDOrNull toUUIDOrZero toLowCardinality toFixedString toTypeName
    toInt8 toInt16 toInt32 toInt64 toUInt8 toUInt16 toUInt32 toUInt64 toFloat32 toFloat64
    toInt8OrNull toInt16OrNull toInt32OrNull toInt64OrNull toUInt8OrNull toUInt16OrNull toUInt32OrNull toUInt64OrNull
    toFloat32OrNull toFloat64OrNull toInt8OrZero toInt16OrZero toInt32OrZero toInt64OrZero toUInt8OrZero toUInt16OrZero
    toUInt32OrZero toUInt64OrZero toFloat32OrZero toFloat64OrZero toDecimal32 toDecimal64 toDecimal128 toDecimalString
"""
_TIMES = """
    now now64 today yesterday toDate toDate32 toDateTime toDateTime32 toDateTime64 toDateOrNull toDateTimeOrNull
    toDateTime64OrNull toDateOrZero toDateTimeOrZero toTime date timestamp
    parseDateTime parseDateTimeOrNull parseDateTimeBestEffort parseDateTimeBestEffortOrNull
    parseDateTime64BestEffort parseDateTime64BestEffortOrNull parseDateTimeBestEffortUS
    formatDateTime date_format dateName monthName timeZoneOf timezoneOf timezoneOffset toTimeZone toTimezone
    toYear toQuarter toMonth toWeek toISOWeek toISOYear toDayOfYear toDayOfMonth toDayOfWeek toHour toMinute toSecond
    toMillisecond toDaysInMonth toMonthNumSinceEpoch toRelativeDayNum toRelativeHourNum toRelativeMinuteNum
    toRelativeSecondNum toRelativeWeekNum toRelativeMonthNum year quarter month week day hour minute second dayofweek
    dayofmonth dayofyear yearweek last_day toLastDayOfMonth toLastDayOfWeek toMonday
    toStartOfYear toStartOfISOYear toStartOfQuarter toStartOfMonth toStartOfWeek toStartOfDay toStartOfHour
    toStartOfFifteenMinutes toStartOfTenMinutes toStartOfFiveMinutes toStartOfFiveMinute toStartOfMinute toStartOfSecond
    toStartOfMillisecond toStartOfInterval date_bin time_bucket timeSlot timeSlots dateTrunc date_trunc
    toUnixTimestamp toUnixTimestamp64Milli toUnixTimestamp64Second toUnixTimestamp64Micro fromUnixTimestamp
    fromUnixTimestamp64Milli fromUnixTimestamp64Second fromUnixTimestamp64Micro toYYYYMM toYYYYMMDD toYYYYMMDDhhmmss
    dateDiff date_diff timestampDiff timestamp_diff timeDiff age makeDate makeDateTime makeDateTime64
    addDate subDate addInterval subtractInterval
    addYears addQuarters addMonths addWeeks addDays addHours addMinutes addSeconds addMilliseconds
    subtractYears subtractQuarters subtractMonths subtractWeeks subtractDays subtractHours subtractMinutes
    subtractSeconds subtractMilliseconds
    toInterval toIntervalYear toIntervalQuarter toIntervalMonth toIntervalWeek toIntervalDay toIntervalHour
    toIntervalMinute toIntervalSecond toIntervalMillisecond
    tumble tumbleStart tumbleEnd hop hopStart hopEnd
"""
_TEXT = """
    length lengthUTF8 char_length character_length empty notEmpty lower upper lcase ucase lowerUTF8 upperUTF8 initcap
    concat concat_ws concatWithSeparator substring substr mid substringUTF8 left right leftUTF8 rightUTF8 leftPad
    rightPad lpad rpad trim ltrim rtrim trimBoth trimLeft trimRight reverse reverseUTF8 repeat space format
    startsWith endsWith startsWithUTF8 endsWithUTF8 position positionCaseInsensitive positionUTF8 locate instr
    replace replaceOne replaceAll replaceRegexpOne replaceRegexpAll translate translateUTF8 regexpQuoteMeta
    match extract extractAll extractGroups regexpExtract regexp_extract countMatches countSubstrings
    countSubstringsCaseInsensitive hasToken hasTokenCaseInsensitive hasAnyTokens hasAllTokens hasSubsequence
    multiSearchAny multiSearchAnyCaseInsensitive multiSearchFirstIndex multiSearchFirstPosition
    splitByChar splitByString splitByWhitespace splitByNonAlpha alphaTokens tokens ngrams arrayStringConcat
    levenshteinDistance editDistance editDistanceUTF8 levenshteinDistanceUTF8 damerauLevenshteinDistance
    jaroSimilarity jaroWinklerSimilarity ngramDistance ngramSearch ngramDistanceCaseInsensitive
    ngramSearchCaseInsensitive stringJaccardIndex soundex ascii char hex unhex bin base64Encode base64Decode
    base64URLEncode base64URLDecode tryBase64Decode appendTrailingCharIfAbsent isValidUTF8 toValidUTF8
    normalizeUTF8NFC normalizeUTF8NFKC removeDiacriticsUTF8 substringIndex printf
    formatReadableSize formatReadableQuantity formatReadableTimeDelta formatReadableDecimalSize bar
    domain path cutQueryString
"""
_NUMBERS = """
    round floor ceil ceiling trunc truncate roundBankers roundDown sqrt cbrt exp exp2 exp10 log ln log2 log10 log1p
    pow power sign sin cos tan asin acos atan atan2 degrees radians pi e hypot erf sigmoid isFinite isInfinite isNaN
    ifNotFinite widthBucket width_bucket rand rand32 rand64 randCanonical
    bitAnd bitOr bitXor bitNot bitShiftLeft bitShiftRight bitTest bitCount bitHammingDistance
    cityHash64 sipHash64 xxHash64 farmHash64 intHash32 intHash64 murmurHash3_64 MD5 SHA1 SHA256
    generateUUIDv4 transform
"""
_ARRAYS = """
    has hasAll hasAny hasSubstr indexOf countEqual range arrayJoin arrayMap arrayFilter arrayExists arrayAll arrayCount
    arrayFirst arrayFirstOrNull arrayFirstIndex arrayLast arrayLastOrNull arrayLastIndex arraySum arrayAvg arrayMin
    arrayMax arrayProduct arraySort arrayReverseSort arrayPartialSort arrayReverse arrayDistinct arrayUniq arrayConcat
    arrayCompact arraySlice arrayPushBack arrayPushFront arrayPopBack arrayPopFront arrayResize arrayIntersect
    arrayUnion arrayExcept arraySymmetricDifference arrayJaccardIndex arrayZip arrayEnumerate arrayEnumerateUniq
    arrayEnumerateDense arrayDifference arrayCumSum arrayCumSumNonNegative arrayFlatten flatten arrayWithConstant
    arrayFold arraySplit arrayReverseSplit arrayFill arrayReverseFill arrayShiftLeft arrayShiftRight arrayRotateLeft
    arrayRotateRight arrayDotProduct emptyArrayString unnest
    mapKeys mapValues mapContains mapContainsKey mapContainsValue mapFilter mapApply mapExists mapAll mapFromArrays
    mapContainsKeyLike mapSort tupleToNameValuePairs tupleConcat toJSONString
    JSONExtract JSONExtractString JSONExtractInt JSONExtractUInt JSONExtractFloat JSONExtractBool JSONExtractRaw
    JSONExtractKeys JSONExtractArrayRaw JSONHas JSONLength JSONType isValidJSON JSON_VALUE JSON_QUERY JSON_EXISTS
"""
_PLACES = """
    greatCircleDistance geoDistance greatCircleAngle pointInPolygon pointInEllipses
    geohashEncode geohashDecode geohashesInBox geoToH3 h3ToGeo h3ToGeoBoundary h3ToString stringToH3 h3ToParent
    h3ToChildren h3kRing h3HexRing h3Distance h3Line h3GetResolution h3IsValid h3IndexesAreNeighbors h3PolygonToCells
    polygonAreaSpherical polygonAreaCartesian polygonPerimeterSpherical polygonsWithinSpherical
    polygonsWithinCartesian polygonsIntersectSpherical polygonsIntersectCartesian polygonsDistanceSpherical
    polygonsDistanceCartesian polygonConvexHullCartesian areaSpherical areaCartesian readWKTPoint readWKTPolygon
    readWKTMultiPolygon readWKTRing readWKTLineString wkt flipCoordinates
"""
_WINDOWS = """
    row_number rank dense_rank denseRank percent_rank percentRank cume_dist ntile lag lead lagInFrame leadInFrame
    first_value last_value nth_value nonNegativeDerivative exponentialTimeDecayedAvg exponentialTimeDecayedSum
    grouping
"""
_AGGREGATES = """
    count sum avg min max any anyLast any_value anyHeavy argMin argMax min_by max_by uniq uniqExact uniqCombined
    uniqCombined64 uniqHLL12 uniqUpTo sumWithOverflow sumKahan sumCount avgWeighted deltaSum deltaSumTimestamp
    groupArray groupUniqArray groupArraySorted groupArraySample groupArrayLast groupArrayMovingAvg groupArrayMovingSum
    groupArrayIntersect array_agg groupConcat group_concat string_agg groupBitAnd groupBitOr groupBitXor
    quantile quantiles quantileExact quantilesExact quantileExactLow quantileExactHigh quantileTDigest quantilesTDigest
    quantileTiming quantilesTiming quantileExactWeighted quantileDD quantilesDD quantileInterpolatedWeighted
    median medianExact medianTDigest stddevPop stddevSamp stddev_pop stddev_samp varPop varSamp var_pop var_samp
    covarPop covarSamp corr skewPop skewSamp kurtPop kurtSamp entropy simpleLinearRegression histogram sparkbar
    topK topKWeighted approx_top_k approx_top_sum maxIntersections maxIntersectionsPosition intervalLengthSum
    sequenceMatch sequenceCount windowFunnel retention boundingRatio singleValueOrNull studentTTest mannWhitneyUTest
    sumMap minMap maxMap
"""

#: Endings that make another aggregate of an aggregate (ClickHouse docs, "Aggregate function combinators").
_COMBINATORS = ("ordefault", "distinct", "foreach", "argmin", "argmax", "ornull", "array", "map", "if")

AGGREGATES = frozenset(_AGGREGATES.lower().split())
FUNCTIONS = AGGREGATES | frozenset(
    " ".join((_OPERATORS, _TYPES, _TIMES, _TEXT, _NUMBERS, _ARRAYS, _PLACES, _WINDOWS)).lower().split()
)
#: Functions whose right side may be a table.
IN_FUNCTIONS = frozenset({"in", "notin", "nullin", "notnullin"})
#: Functions that may stand where a table is expected.
TABLE_FUNCTIONS = frozenset({"numbers"})


def is_allowed(name: str) -> bool:
    """Return whether SQL may call a function of this name, in any case, with or without combinators."""
    name = name.lower()
    if name in FUNCTIONS:
        return True
    for ending in _COMBINATORS:
        base = name.removesuffix(ending)
        if base != name and (base in AGGREGATES or _is_aggregate(base)):
            return True
    return False


def _is_aggregate(name: str) -> bool:
    return name in AGGREGATES or any(
        name.endswith(ending) and _is_aggregate(name.removesuffix(ending)) for ending in _COMBINATORS
    )

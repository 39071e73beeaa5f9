/**
 * What was measured, as text, CSV and a chart.
 */
@NullMarked
package dev.asyncmysql.benchmarks.report;

import org.jspecify.annotations.NullMarked;

package dev.asyncmysql.benchmarks.report;

import dev.asyncmysql.benchmarks.load.Measurement;

/**
 * One round of one system.
 *
 * @param measurement what the client measured
 * @param commands how many commands the server answered
 */
public record Round(Measurement measurement, long commands) {

}

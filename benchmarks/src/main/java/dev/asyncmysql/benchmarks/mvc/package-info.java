/**
 * The sample application's reading and transferring once more, on Spring MVC and JDBC.
 */
@NullMarked
package dev.asyncmysql.benchmarks.mvc;

import org.jspecify.annotations.NullMarked;

/**
 * What WebFlux has to do so that requests give their connections back.
 */
@NullMarked
package dev.asyncmysql.web;

import org.jspecify.annotations.NullMarked;
